-- The scores of the New York example, from the raw file and the words of the contract alone.
-- admissions.parquet and gravity.csv stand for the two files.
WITH weight AS (
    SELECT offence_code, weight::DOUBLE AS weight FROM 'gravity.csv'
    UNION ALL SELECT 'U', 3.0                       -- a blank charge, by the policy of the config
), line AS (
    SELECT person, admit_date::DATE AS day, weight, charge_class,
           DATE '2024-01-01' - admit_date::DATE AS age
    FROM 'admissions.parquet' JOIN weight ON charge_class = offence_code
    WHERE admit_date::DATE <= DATE '2024-01-01'     -- later ones are not yet known
), component AS (
    SELECT person, max(day) AS last_event_date, count(*) AS lines_in_window,
           min(age) AS recency_value,
           count(DISTINCT day) AS frequency_value,  -- without a reference, an incident is its date
           max(weight) AS gravity_value,
           arg_max(charge_class, (weight, day)) AS worst_offence_code
    FROM line WHERE age < 730 GROUP BY person
), points AS (
    SELECT *,
           CASE WHEN recency_value <= 30 THEN 20 WHEN recency_value <= 90 THEN 16 WHEN recency_value <= 180 THEN 12
                WHEN recency_value <= 365 THEN 8 WHEN recency_value <= 730 THEN 4 ELSE 0 END AS recency_points,
           CASE WHEN frequency_value >= 8 THEN 25 WHEN frequency_value >= 5 THEN 20 WHEN frequency_value >= 3 THEN 15
                WHEN frequency_value >= 2 THEN 10 ELSE 5 END AS frequency_points,
           CASE WHEN gravity_value >= 1825 THEN 35 WHEN gravity_value >= 1460 THEN 28 WHEN gravity_value >= 365 THEN 24
                WHEN gravity_value >= 84 THEN 16 WHEN gravity_value >= 10 THEN 10 WHEN gravity_value >= 1 THEN 6
                ELSE 3 END AS gravity_points
    FROM component
), scored AS (
    SELECT *, recency_points + frequency_points + gravity_points AS score FROM points
)
SELECT person AS perpetrator_id,
       row_number() OVER (ORDER BY score DESC, gravity_value DESC, recency_value, frequency_value DESC, person) AS position,
       rank() OVER (ORDER BY score DESC) AS rank,
       count(*) OVER (PARTITION BY score) - 1 AS tied_with,
       score, recency_value, recency_points, frequency_value, frequency_points, gravity_value, gravity_points,
       last_event_date, worst_offence_code, lines_in_window
FROM scored ORDER BY position
