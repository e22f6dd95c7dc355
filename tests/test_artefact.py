"""The model file: what was saved predicts to the bit, and what was not saved so is refused by name."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import subprocess
import sys
import textwrap
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from rfgscore.errors import InputNotFoundError, ModelFileError, OutputError, WriteError
from rfgscore.escalation import artefact
from rfgscore.escalation.artefact import load_model, save_model
from rfgscore.escalation.models.hazard import DiscreteHazard
from rfgscore.escalation.predictor import KINDS, Predictor
from rfgscore.escalation.tables import Covariates, Episodes

DRAW = np.random.default_rng(11)
KNOWN = Covariates(("count", "days"), DRAW.normal(2, 1, (400, 2)).round(4), (1, 0), ("incidents", "days"))
LONGEST = 200
DAYS = np.arange(LONGEST + 1)
COMPETING = np.cumsum(DRAW.random(LONGEST + 1)) / 1e4
DOCUMENT = {"name": "invented", "people": 400, "numbers": [0.1, -0.0, 1e-300], "nested": {"é": None}}


def trees() -> Predictor:
    time = np.ceil(DRAW.exponential(300 / np.exp(KNOWN.values[:, 0] / 3)))
    episodes = Episodes(
        np.arange(400),
        np.zeros(400, np.int32),
        np.zeros(400, np.int32),
        np.minimum(time, LONGEST).astype(np.int32),
        (time <= LONGEST).astype(np.int8),
    )
    return DiscreteHazard(max_iter=15, min_samples_leaf=30).fit(KNOWN, episodes, LONGEST).predictor


def made() -> dict[str, Predictor]:
    baseline = np.cumsum(DRAW.random(LONGEST + 1)) / 300
    cox = {"coefficient": np.array([0.3, -1 / 3]), "mean": np.array([2.0, 1.9]), "baseline": baseline}
    weibull = {
        "coefficient": np.array([-0.2, 0.1]),
        "intercept": np.array([6.1]),
        "log_rho": np.array([-0.3]),
        "mean": np.array([2.0, 1.9]),
    }
    curve = {"edges": np.array([1.5, 2.5]), "risk": np.array([0.2, 0.5, 0.9])[:, None] * DAYS / LONGEST}
    grown = trees()
    return {
        "cox": Predictor("cox", KNOWN.names, cox, LONGEST, COMPETING, (0.1, 0.9)),
        "weibull": Predictor("weibull", KNOWN.names, weibull, LONGEST),
        "weibull, others": Predictor("weibull", KNOWN.names, weibull, LONGEST, COMPETING),
        "curve": Predictor("curve", ("count",), curve, LONGEST),
        "one curve": Predictor(
            "curve", (), {"edges": np.zeros(0), "risk": curve["risk"][:1]}, LONGEST, None, (-0.2, 1.1)
        ),
        "trees": grown,
        "trees, others": Predictor("trees", KNOWN.names, grown.arrays, LONGEST, COMPETING, (0.0, 1.2)),
    }


MADE = made()


@pytest.fixture
def saved(tmp_path):
    return save_model(tmp_path / "model.json", DOCUMENT, MADE)


def signed(whole: dict) -> bytes:
    """A file with the right checksum, whatever it holds: as somebody who means harm would make it."""
    body = {name: held for name, held in whole.items() if name != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    whole = {**body, "sha256": sha256(text.encode()).hexdigest()}
    return json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()


def refused(path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    assert caught.value.message.startswith(path.name) and "save the model again" in caught.value.message
    return caught.value.message


# --- there and back ---------------------------------------------------------------------------------


def test_every_kind_predicts_the_same_bits_after_loading(saved):
    document, loaded = load_model(saved)
    assert {what.kind for what in loaded.values()} == set(KINDS) and sorted(loaded) == sorted(MADE)
    assert document == DOCUMENT and repr(document["numbers"]) == repr(DOCUMENT["numbers"])
    for name, what in MADE.items():
        before, after = what.risk(KNOWN, [0, 1, 50, LONGEST]), loaded[name].risk(KNOWN, [0, 1, 50, LONGEST])
        assert before.tobytes() == after.tobytes() and 0 < before[:, -1].mean() < 1
        assert loaded[name].recalibration == what.recalibration and loaded[name].longest == what.longest


def test_a_model_from_a_file_needs_numpy_only(saved):
    """What predicts must work where nothing that fits is installed."""
    code = textwrap.dedent(
        """
        import sys

        class Blocked:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in {"lifelines", "sklearn", "scipy", "pandas", "duckdb", "matplotlib"}:
                    raise ModuleNotFoundError(name)

        sys.meta_path.insert(0, Blocked())
        import numpy as np
        from rfgscore.escalation.artefact import load_model
        from rfgscore.escalation.model import EscalationModel
        from rfgscore.escalation.tables import Covariates

        values = np.array([[0.0, 1.5], [3.25, 2.0]])
        for name, one in sorted(load_model(sys.argv[1])[1].items()):
            known = Covariates(("count", "days"), values, (0, 0), ("", "")).only(one.columns)
            print(name, one.risk(known, [30, 200]).tolist(), one.contributions(known).values.tolist())
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(saved)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    both = Covariates(("count", "days"), np.array([[0.0, 1.5], [3.25, 2.0]]), (0, 0), ("", ""))
    assert done.stdout.splitlines() == [
        f"{name} {one.risk(both, [30, 200]).tolist()} "
        f"{one.contributions(both.only(one.columns)).values.tolist()}"
        for name, one in sorted(MADE.items())
    ]


def test_a_model_has_one_file(saved, tmp_path):
    document, loaded = load_model(saved)
    again = save_model(tmp_path / "again.json", document, dict(reversed(loaded.items())))
    assert again.read_bytes() == saved.read_bytes() and saved.read_bytes().isascii()


def test_loaded_arrays_cannot_be_written_to(saved):
    _, loaded = load_model(saved)
    with pytest.raises(ValueError, match="read-only"):
        loaded["cox"].arrays["mean"][0] = 1.0


def test_no_training_row_is_in_the_file(saved):
    """The trees know thresholds of single columns and 15 x 8 leaves; nothing is as long as the 400 rows."""
    _, loaded = load_model(saved)
    for what in loaded.values():
        for name, values in what.arrays.items():
            assert 400 not in values.shape, name
    arrays = loaded["trees"].arrays
    joined = np.concatenate([arrays["threshold"], arrays["mean"]])
    rows = [row for row in KNOWN.values if np.isin(row, joined).all()]
    assert rows == []


def test_the_file_does_not_grow_with_the_people():
    sizes = []
    for times in (1, 4):
        known = Covariates(KNOWN.names, np.tile(KNOWN.values, (times, 1)), KNOWN.monotone, KNOWN.labels)
        time = np.tile(np.arange(400) % LONGEST + 1, times).astype(np.int32)
        person = np.arange(400 * times)
        nothing = np.zeros(len(time), np.int32)
        episodes = Episodes(person, nothing, nothing, time, np.ones(len(time), np.int8))
        model = DiscreteHazard(max_iter=10, max_leaf_nodes=4, min_samples_leaf=20).fit(known, episodes)
        sizes.append({name: values.shape for name, values in model.predictor.arrays.items()})
    assert sizes[0] == sizes[1]


# --- writing ----------------------------------------------------------------------------------------


def test_a_file_already_there_is_kept_unless_it_may_go(saved):
    before = saved.read_bytes()
    with pytest.raises(OutputError, match="there already"):
        save_model(saved, {}, {})
    assert saved.read_bytes() == before
    save_model(saved, {}, {}, replace=True)
    assert load_model(saved) == ({}, {})
    assert [file.name for file in saved.parent.iterdir()] == ["model.json"]


def test_a_failed_write_leaves_what_was_there(saved, monkeypatch):
    before = saved.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="No space left"):
        save_model(saved, {}, {}, replace=True)
    assert saved.read_bytes() == before and len(list(saved.parent.iterdir())) == 1


def test_a_folder_that_is_not_there_is_a_write_error(tmp_path):
    with pytest.raises(WriteError, match="cannot be written"):
        save_model(tmp_path / "no" / "model.json", {}, {})
    with pytest.raises(WriteError, match="cannot be written"):
        save_model(tmp_path, {}, {}, replace=True)


@pytest.mark.parametrize("document", [{1: 2}, {"a": {2: 3}}, {"a": {1, 2}}, {"a": np.zeros(2)}, {"a": [b""]}])
def test_documents_must_be_plain(tmp_path, document):
    with pytest.raises(ModelFileError, match="text as keys"):
        save_model(tmp_path / "model.json", document, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_not_kept(tmp_path, number):
    with pytest.raises(ModelFileError, match="without NaN"):
        save_model(tmp_path / "model.json", {"a": number}, {})
    arrays = {**MADE["cox"].arrays, "coefficient": np.array([number, 1.0])}
    with pytest.raises(ModelFileError, match="without NaN"):
        save_model(tmp_path / "model.json", {}, {"cox": Predictor("cox", KNOWN.names, arrays, LONGEST)})


def test_a_predictor_that_could_not_be_read_back_is_not_written(tmp_path):
    falling = {**MADE["cox"].arrays, "baseline": MADE["cox"].arrays["baseline"][::-1]}
    with pytest.raises(ModelFileError, match="never fall"):
        save_model(tmp_path / "model.json", {}, {"a": Predictor("cox", KNOWN.names, falling, LONGEST)})
    assert list(tmp_path.iterdir()) == []


# --- other files ------------------------------------------------------------------------------------


def others() -> dict[str, tuple[bytes, str]]:
    class Harm:
        def __reduce__(self):
            return os.abort, ()

    archive, array = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as held:
        held.writestr("model.json", "{}")
    np.save(array, np.zeros(3))
    return {
        "pickle": (pickle.dumps(Harm()), "pickle"),
        "old pickle": (pickle.dumps(Harm(), protocol=0), "JSON"),
        "zip": (archive.getvalue(), "zip or npz"),
        "npy": (array.getvalue(), "NumPy"),
        "gzip": (gzip.compress(b"{}"), "gzip"),
        "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
        "parquet": (b"PAR1" + bytes(100), "Parquet"),
        "nothing": (b"", "does not begin as JSON"),
        "text": (b"coefficient,0.3\n", "does not begin as JSON"),
        "list": (b"[1, 2]", "does not begin as JSON"),
        "byte order mark": (b"\xef\xbb\xbf{}", "does not begin as JSON"),
        "utf-16": ("{}".encode("utf-16"), "does not begin as JSON"),
        "not text": (b'{"a":"\xff\xfe"}', "no whole JSON"),
        "two": (b"{}{}", "no whole JSON"),
        "no schema": (b"{}", "schema is missing"),
        "odd schema": (b'{"schema":["model/1"]}', "schema is missing"),
        "later schema": (b'{"schema":"model/2"}', "schema is model/2"),
        "long number": (b'{"a":' + b"9" * 100_000 + b"}", "no whole JSON"),
        "nan": (b'{"a":NaN}', "NaN"),
        "infinite": (b'{"a":-Infinity}', "NaN"),
        "twice": (b'{"schema":"model/1","schema":"model/1"}', "twice"),
        "only schema": (b'{"schema":"model/1"}', "must hold document"),
        "more": (signed({"schema": "model/1", "document": {}, "predictors": {}, "x": 1}), "nothing else"),
        "document": (signed({"schema": "model/1", "document": [], "predictors": {}}), "named values"),
        "predictors": (signed({"schema": "model/1", "document": {}, "predictors": 1}), "named values"),
        "overflow": (
            b'{"document":{"a":1e999},"predictors":{},"schema":"model/1","sha256":"0"}',
            "checksum differs",
        ),
    }


OTHERS = others()


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_refused_by_what_they_are(tmp_path, name):
    content, words = OTHERS[name]
    assert words in refused(tmp_path / "model.json", content)


@pytest.mark.compiled  # a RecursionError ends the measuring of coverage
@pytest.mark.parametrize("deep", [b"[" * 200_000, b'{"a":' * 200_000, b"[" * 200_000 + b"]" * 200_000 + b"}"])
def test_what_is_nested_too_deeply_is_refused(tmp_path, deep):
    assert "no whole JSON" in refused(tmp_path / "model.json", b'{"a":' + deep)


def test_a_file_too_large_is_not_taken_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(artefact, "SIZE", 1000)
    assert "more than 1000 bytes" in refused(tmp_path / "model.json", b'{"a":"' + b"x" * 2000)
    with pytest.raises(ModelFileError, match="more than 1000 bytes"):
        save_model(tmp_path / "other.json", {"a": "x" * 2000}, {})


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(InputNotFoundError, match=r"no model file gone\.json"):
        load_model(tmp_path / "gone.json")
    with pytest.raises(ModelFileError, match="this is no file"):
        load_model(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="this is no file"):
        load_model(tmp_path / "pipe")


def test_what_may_not_be_read_is_named(saved, monkeypatch):
    def closed(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", closed)
    with pytest.raises(ModelFileError, match="Permission denied"):
        load_model(saved)


# --- damage -----------------------------------------------------------------------------------------


def test_a_file_cut_short_anywhere_is_refused(saved, tmp_path):
    text = saved.read_bytes()
    for length in {*range(0, len(text), len(text) // 150), *range(len(text) - 80, len(text))}:
        refused(tmp_path / "cut.json", text[:length])


def test_a_byte_changed_anywhere_is_refused(saved, tmp_path):
    text = saved.read_bytes()
    draw = np.random.default_rng(2)
    for at in {*range(40), *range(len(text) - 120, len(text)), *draw.integers(0, len(text), 200).tolist()}:
        changed = bytearray(text)
        changed[at] ^= (1, 0x20, 0x80)[at % 3]
        refused(tmp_path / "changed.json", bytes(changed))


def test_the_same_numbers_written_otherwise_are_refused(saved, tmp_path):
    whole = json.loads(saved.read_bytes())
    assert "checksum" in refused(tmp_path / "a.json", json.dumps(whole, indent=1).encode())
    assert "checksum" in refused(tmp_path / "a.json", saved.read_bytes() + b"\n")
    assert refused(tmp_path / "a.json", saved.read_bytes().replace(b'"sha256"', b'"SHA256"'))


# --- harm: the checksum is right, the content is not ------------------------------------------------

CHANGES = {
    "kind": ("cox", ["kind"], "svm", "kind of model"),
    "kind of another type": ("cox", ["kind"], ["cox"], "kind of model"),
    "longest": ("cox", ["longest"], LONGEST + 1, "not as long"),
    "longest 0": ("weibull", ["longest"], 0, "longest time"),
    "longest true": ("weibull", ["longest"], True, "longest time"),
    "longest far": ("weibull", ["longest"], 10**12, "longest time"),
    "columns": ("cox", ["columns"], ["count"], "not as long"),
    "column names": ("cox", ["columns"], ["count", 1], "list of names"),
    "columns alike": ("cox", ["columns"], ["count", "count"], "named twice"),
    "columns no list": ("cox", ["columns"], "ab", "list of names"),
    "competing short": ("cox", ["competing", "shape"], [3], "not as long"),
    "competing a number": ("cox", ["competing"], 3, "must hold dtype"),
    "competing falls": ("cox", ["competing", "values", 0], 5.0, "never fall"),
    "recalibration": ("cox", ["recalibration"], [1.0], "intercept and a slope"),
    "recalibration of text": ("cox", ["recalibration"], ["1", 1.0], "intercept and a slope"),
    "array missing": ("cox", ["arrays", "mean"], None, "must hold dtype"),
    "arrays no map": ("cox", ["arrays"], [], "arrays of cox"),
    "arrays of another": ("cox", ["arrays"], {"edges": 1}, "arrays of cox"),
    "dtype object": ("cox", ["arrays", "mean", "dtype"], "object", "float64"),
    "dtype list": ("cox", ["arrays", "mean", "dtype"], ["float64"], "float64"),
    "dtype int": ("cox", ["arrays", "mean", "dtype"], "int64", "float64"),
    "shape": ("cox", ["arrays", "mean", "shape"], [3], "not as long"),
    "shape below 0": ("trees", ["arrays", "value", "shape"], [-1], "not as long"),
    "shape huge": ("curve", ["arrays", "risk", "shape"], [10**18, LONGEST + 1], "as many"),
    "shape of text": ("cox", ["arrays", "mean", "shape"], ["2"], "not as long"),
    "shape true": ("weibull", ["arrays", "intercept", "shape"], [True], "not as long"),
    "axes": ("cox", ["arrays", "mean", "shape"], [2, 1], "axes"),
    "value missing": ("cox", ["arrays", "mean", "values"], [1.0], "as many"),
    "value text": ("cox", ["arrays", "mean", "values", 0], "1.0", "as many"),
    "value null": ("cox", ["arrays", "mean", "values", 0], None, "as many"),
    "value nested": ("cox", ["arrays", "mean", "values", 0], [1.0], "as many"),
    "value whole": ("cox", ["arrays", "mean", "values", 0], 1, "as many"),
    "value true": ("trees", ["arrays", "left", "values", 0], True, "as many"),
    "value too large": ("trees", ["arrays", "left", "values", 0], 2**70, "beyond int64"),
    "values a map": ("cox", ["arrays", "mean", "values"], {}, "list of values"),
    "baseline below 0": ("cox", ["arrays", "baseline", "values", 0], -1.0, "never fall"),
    "curve above 1": ("curve", ["arrays", "risk", "values", -1], 1.5, "above 1"),
    "curve falls": ("curve", ["arrays", "risk", "values", 5], 0.0, "never fall"),
    "curve edges": ("curve", ["arrays", "edges", "values", 0], 9.0, "ascend"),
    "curve of two": ("curve", ["columns"], ["count", "days"], "one column"),
    "curve of none": ("curve", ["columns"], [], "one column"),
    "tree circle": ("trees", ["arrays", "left", "values", 0], 0, "do not make a tree"),
    "tree far": ("trees", ["arrays", "right", "values", 0], 10**6, "do not make a tree"),
    "tree before": ("trees", ["arrays", "left", "values", 0], -2, "do not make a tree"),
    "tree column": ("trees", ["arrays", "feature", "values", 0], 3, "not there"),
    "tree column before": ("trees", ["arrays", "feature", "values", 0], -2, "not there"),
    "tree cut off": ("trees", ["arrays", "feature", "values", 0], -1, "has children"),
    "tree offsets": ("trees", ["arrays", "offsets", "values", 1], 0, "offsets"),
    "tree end": ("trees", ["arrays", "offsets", "values", -1], 10**6, "offsets"),
    "tree periods": ("trees", ["arrays", "edges", "values", 1], 0, "edges of periods"),
    "tree last day": ("trees", ["arrays", "edges", "values", -1], 10**9, "edges of periods"),
    "tree neighbours": ("trees", ["arrays", "left", "shape"], [1], "not as long"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_does_not_hang_together_is_refused(saved, tmp_path, name):
    which, steps, value, words = CHANGES[name]
    whole = json.loads(saved.read_bytes())
    held = whole["predictors"][which]
    for step in steps[:-1]:
        held = held[step]
    assert repr(held[steps[-1]]) != repr(value)
    held[steps[-1]] = value
    assert words in refused(tmp_path / "model.json", signed(whole))


@pytest.mark.parametrize(
    ("which", "array", "number", "words"),
    [
        ("trees", "value", 1.7e308, "value holds a number too large"),
        ("trees", "baseline", -1e308, "baseline holds a number too large"),
        ("cox", "coefficient", 1e308, "coefficient holds a number too large"),
        ("cox", "mean", -1e308, "mean holds a number too large"),
        ("cox", "baseline", 1e308, "baseline holds a number too large"),
        ("weibull", "intercept", 1e308, "intercept holds a number too large"),
        ("weibull", "log_rho", 800.0, "log_rho is no shape"),
        ("weibull", "log_rho", 6.0, "log_rho is no shape"),
        ("weibull", "log_rho", -800.0, "log_rho is no shape"),
    ],
)
def test_numbers_that_would_predict_none_are_refused(saved, tmp_path, which, array, number, words):
    whole = json.loads(saved.read_bytes())
    values = whole["predictors"][which]["arrays"][array]["values"]
    values[:] = [number] * len(values)
    assert words in refused(tmp_path / "model.json", signed(whole))


@pytest.mark.parametrize("largest", [-1e100, 1e100])
@pytest.mark.parametrize("which", ["cox", "weibull", "weibull, others", "trees", "trees, others"])
def test_the_largest_numbers_that_are_let_through_predict_chances(saved, tmp_path, which, largest):
    whole = json.loads(saved.read_bytes())
    held = whole["predictors"][which]
    for name in {"coefficient", "mean", "intercept", "value"} & set(held["arrays"]):
        values = held["arrays"][name]["values"]
        values[:] = [largest * (-1) ** at for at in range(len(values))]
    if "log_rho" in held["arrays"]:
        held["arrays"]["log_rho"]["values"] = [float(np.log(390 / np.log(LONGEST))) - 1e-9]
    for cumulative in (held["competing"], held["arrays"]["baseline"]) if which == "cox" else ():
        cumulative["values"] = [0.0] + [1e100] * LONGEST
    (tmp_path / "large.json").write_bytes(signed(whole))
    what = load_model(tmp_path / "large.json")[1][which]
    risk = what.risk(KNOWN, DAYS)
    assert np.isfinite(risk).all() and risk.min() >= 0 and risk.max() <= 1
    assert (np.diff(risk, axis=1) >= 0).all()
    assert np.isfinite(what.contributions(KNOWN.take(np.arange(5))).values).all()


def test_two_ways_to_one_node_are_refused(saved, tmp_path):
    whole = json.loads(saved.read_bytes())
    arrays = whole["predictors"]["trees"]["arrays"]
    arrays["left"]["values"][0] = arrays["right"]["values"][0]
    assert "do not make a tree" in refused(tmp_path / "model.json", signed(whole))


def test_any_value_put_anywhere_is_refused_or_works(saved, tmp_path):
    """Never another error than the named one; what is let through of curves and trees predicts chances."""
    draw = np.random.default_rng(7)
    odd = [None, True, -1, 0, 2**63, 1e308, -1.5, "x", [], {}, [[]], "float64", ["count", "days"]]
    worked = 0
    text = saved.read_bytes()
    for turn in range(300):
        whole = json.loads(text)
        name = sorted(whole["predictors"])[turn % len(whole["predictors"])]
        whole["predictors"] = {name: whole["predictors"][name]}
        held, key = whole["predictors"], name
        while isinstance(held[key], dict | list) and held[key] and draw.random() < 0.9:
            held = held[key]
            key = (
                sorted(held)[draw.integers(len(held))] if isinstance(held, dict) else draw.integers(len(held))
            )
        held[key] = odd[turn % len(odd)]
        (tmp_path / "odd.json").write_bytes(signed(whole))
        try:
            _, loaded = load_model(tmp_path / "odd.json")
        except ModelFileError:
            continue
        worked += 1
        if loaded[name].kind in ("curve", "trees") and set(loaded[name].columns) <= set(KNOWN.names):
            with np.errstate(all="ignore"):
                risk = loaded[name].risk(KNOWN, [0, 1, loaded[name].longest])
            assert ((risk >= 0) & (risk <= 1)).all()
    assert 5 < worked < 100


def test_the_package_imports_no_pickle_for_models():
    source = Path(artefact.__file__).read_text(encoding="utf-8")
    assert "import pickle" not in source and "eval(" not in source and "allow_pickle" not in source
