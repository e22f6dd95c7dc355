# What R's survival package says of ten published data sets:  Rscript tools/golden.R tests/golden
#
# On Debian: apt-get install --no-install-recommends r-base-core r-cran-survival
# Each set is first written as data_NAME.csv in one form (person, start, stop, end, columns; end 0 censored, 1 event,
# 2 a competing end) and read back from there, so that what is computed is computed from what is committed.

suppressPackageStartupMessages(library(survival))
out <- commandArgs(trailingOnly = TRUE)[1]
if (is.na(out)) stop("usage: Rscript tools/golden.R FOLDER")
dir.create(out, showWarnings = FALSE, recursive = TRUE)

# As few digits as give the number back: 15, or 17.
number <- function(x) {
  if (!is.numeric(x)) return(as.character(x))
  short <- sprintf("%.15g", x)
  ifelse(is.na(x), "", ifelse(suppressWarnings(as.numeric(short)) == x, short, sprintf("%.17g", x)))
}
write_csv <- function(frame, name) {
  lines <- do.call(paste, c(lapply(frame, number), sep = ","))
  file <- file(file.path(out, name), open = "wb")  # the same line ends everywhere
  writeLines(c(paste(names(frame), collapse = ","), lines), file, sep = "\n")
  close(file)
}
yes <- function(x) as.integer(x)
episodes <- function(person, stop, end, ..., start = 0) {
  frame <- data.frame(person = as.integer(person), start = start, stop = stop, end = as.integer(end), ...)
  frame[complete.cases(frame), ]
}

# ---- the sets ----------------------------------------------------------------------------------------------------
sets <- list(
  lung = with(lung, episodes(seq_along(time), time, status == 2, age = age, male = yes(sex == 1), ecog = ph.ecog)),
  veteran = with(veteran, episodes(seq_along(time), time, status, test = yes(trt == 2), karno = karno, age = age)),
  ovarian = with(ovarian, episodes(seq_along(futime), futime, fustat, age = age)),
  colon = with(colon, episodes(id, time, status, lev = yes(rx == "Lev"), both = yes(rx == "Lev+5FU"), age = age,
                               nodes = nodes, death = yes(etype == 2))),
  kidney = with(kidney, episodes(id, time, status, age = age, female = yes(sex == 2))),
  # Half days stand in this set; its clock is therefore twice as fast.
  heart = with(heart, episodes(id, 2 * stop, event, age = age, year = year, surgery = surgery,
                               transplant = yes(transplant == 1), start = 2 * start)),
  pbc = with(pbc, episodes(id, time, c(0, 2, 1)[status + 1], age = age, edema = edema, log_bili = log(bili),
                           log_protime = log(protime), albumin = albumin)),
  mgus2 = with(mgus2, episodes(id, ifelse(pstat == 1, ptime, futime), ifelse(pstat == 1, 1, 2 * death), age = age,
                               male = yes(sex == "M"), mspike = mspike)),
  bladder2 = with(bladder2, episodes(id, stop, event, thiotepa = yes(rx == 2), number = number, size = size,
                                     start = start)),
  cgd = with(cgd, episodes(id, tstop, status, gamma = yes(treat == "rIFN-g"), age = age, steroids = steroids,
                           autosomal = yes(inherit == "autosomal"), start = tstart))
)
for (name in names(sets)) {
  write_csv(sets[[name]], paste0("data_", name, ".csv"))
  sets[[name]] <- read.csv(file.path(out, paste0("data_", name, ".csv")))
}
right_censored <- c("lung", "veteran", "ovarian", "colon", "kidney", "pbc", "mgus2")

# ---- Cox and Weibull ---------------------------------------------------------------------------------------------
cox <- fits <- baseline <- zph <- weibull <- list()
for (name in names(sets)) {
  data <- sets[[name]]
  columns <- setdiff(names(data), c("person", "start", "stop", "end"))
  formula <- reformulate(columns, "Surv(start, stop, end == 1)")
  if (name %in% right_censored) formula <- reformulate(columns, "Surv(stop, end == 1)")
  control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 60)
  fit <- coxph(formula, data = data, cluster = person, ties = "efron", control = control)
  cox[[name]] <- data.frame(set = name, column = columns, coefficient = unname(coef(fit)),
                            se = sqrt(diag(fit$naive.var)), robust_se = sqrt(diag(fit$var)))
  fits[[name]] <- data.frame(set = name, rows = fit$n, events = fit$nevent, loglik_null = fit$loglik[1],
                             loglik = fit$loglik[2], concordance = unname(fit$concordance["concordance"]))
  middle <- as.data.frame(lapply(data[columns], mean))
  plain <- coxph(formula, data = data, ties = "efron", control = control)
  efron <- survfit(plain, newdata = middle, se.fit = FALSE, ctype = 2)
  breslow <- survfit(plain, newdata = middle, se.fit = FALSE, ctype = 1)
  baseline[[name]] <- data.frame(set = name, time = efron$time, breslow = breslow$cumhaz,
                                 efron = efron$cumhaz)[efron$n.event > 0, ]
  tested <- cox.zph(plain, transform = "km", terms = FALSE)$table
  zph[[name]] <- data.frame(set = name, column = rownames(tested), chisq = unname(tested[, "chisq"]),
                            df = unname(tested[, "df"]), p = unname(tested[, "p"]))
  if (name %in% right_censored) {
    aft <- survreg(reformulate(columns, "Surv(stop, end == 1)"), data = data, dist = "weibull",
                   control = survreg.control(rel.tolerance = 1e-13, maxiter = 200))
    weibull[[name]] <- data.frame(set = name, term = c("intercept", columns, "log_scale"),
                                  value = unname(c(coef(aft), log(aft$scale))), se = unname(sqrt(diag(aft$var))),
                                  loglik = aft$loglik[2])
  }
}
together <- function(parts) do.call(rbind, unname(parts))
write_csv(together(cox), "cox.csv")
write_csv(together(fits), "cox_fit.csv")
write_csv(together(baseline), "cox_baseline.csv")
write_csv(together(zph), "cox_zph.csv")
write_csv(together(weibull), "weibull.csv")

# ---- curves ------------------------------------------------------------------------------------------------------
# Greenwood's standard error where every row stands for itself, the infinitesimal jackknife by person besides.
absolute_se <- function(fit) if (isFALSE(fit$logse)) fit$std.err else fit$std.err * fit$surv  # R keeps either
curve <- function(name, group, data) {
  plain <- survfit(Surv(start, stop, end == 1) ~ 1, data = data, conf.type = "log-log")
  robust <- survfit(Surv(start, stop, end == 1) ~ 1, data = data, cluster = person, robust = TRUE,
                    conf.type = "log-log")
  data.frame(set = name, group = group, time = plain$time, at_risk = plain$n.risk, events = plain$n.event,
             surv = plain$surv, greenwood_se = absolute_se(plain), greenwood_lower = plain$lower,
             greenwood_upper = plain$upper, person_se = absolute_se(robust), person_lower = robust$lower,
             person_upper = robust$upper)[plain$n.event > 0, ]
}
km <- list()
for (name in names(sets)) km[[name]] <- curve(name, "all", sets[[name]])
for (which in c("male < 1", "male >= 1"))
  km[[which]] <- curve("lung", which, sets$lung[with(sets$lung, eval(parse(text = which))), ])
write_csv(together(km), "km.csv")

competing <- list(
  pbc = sets$pbc, mgus2 = sets$mgus2,
  # Late entry as it happens with registers: every second patient is known from the 25th month on.
  mgus2_late = within(sets$mgus2, start <- ifelse(person %% 2 == 0, 24, 0))
)
competing$mgus2_late <- subset(competing$mgus2_late, stop > start)
aj <- list()
for (name in names(competing)) {
  data <- competing[[name]]
  data$end <- factor(data$end, 0:2, c("censored", "event", "other"))
  fit <- survfit(Surv(start, stop, end) ~ 1, data = data, id = person, conf.type = "log-log")
  aj[[name]] <- data.frame(set = name, time = fit$time, at_risk = fit$n.risk[, 1], events = fit$n.event[, 2],
                           risk = fit$pstate[, 2], se = fit$std.err[, 2], lower = fit$lower[, 2],
                           upper = fit$upper[, 2], other = fit$pstate[, 3])[fit$n.event[, 2] > 0, ]
}
write_csv(together(aj), "aj.csv")
