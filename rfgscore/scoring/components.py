"""The components of a score: values out of the windows, points as the config's method says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.config import COMPONENTS, Config
from rfgscore.config.model import GravityComponentConfig
from rfgscore.errors import ConfigError
from rfgscore.scoring.bands import bands_above, bands_from, bands_up_to, quantile_edges
from rfgscore.tables import Kind
from rfgscore.windows import Walk, rounded

__all__ = ["UNITS", "Component", "add_up", "score_components"]

UNITS = {"recency": "days", "frequency": "incidents", "gravity": "weight", "victims": "victims"}

#: Below it, sums of points rounded to six decimals are exact.
MOST_POINTS = 2**32

Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class Component:
    """One component of everyone scored.

    Parameters
    ----------
    name : str
        ``recency``, ``frequency``, ``gravity`` or ``victims``.
    kind : str
        ``int32`` or ``float64``.
    value : numpy.ndarray
        Rounded value, one a person.
    band : numpy.ndarray
        int32 band, 0 for none; a continuous score has none.
    points : numpy.ndarray
        int32 points; float64, rounded, in a continuous score.
    max_points : int or None
        Highest points of the component; a continuous score has none.
    edges : tuple of float or None
        Edges of quantile bands, ascending, in the unit of the value.
    collapsed : int
        How many quantile edges were equal to another and fell away.
    """

    name: str
    kind: Kind
    value: npt.NDArray[Any]
    band: npt.NDArray[np.int32]
    points: npt.NDArray[Any]
    max_points: int | None
    edges: tuple[float, ...] | None = None
    collapsed: int = 0

    @property
    def points_kind(self) -> Kind:
        """Kind of the points: whole, or float64 in a continuous score."""
        return "float64" if self.max_points is None else "int32"

    @property
    def tie_break(self) -> npt.NDArray[Any]:
        """The value as tie-breaks order it: lower first."""
        return self.value if self.name == "recency" else -self.value


def score_components(
    config: Config,
    walk: Walk,
    people: npt.NDArray[np.int64],
    recency: npt.NDArray[np.int64],
    eligible: Bool,
) -> tuple[Component, ...]:
    """Return the configured components of the people scored, in contract order.

    Parameters
    ----------
    config : Config
        Settings.
    walk : Walk
        Window values of every person of the history.
    people : numpy.ndarray
        Person numbers to score; each has a line in the window.
    recency : numpy.ndarray
        Days since the latest line of each person scored, on the configured clock.
    eligible : numpy.ndarray
        Who of them is ranked: quantiles and largest values are theirs.

    Returns
    -------
    tuple of Component
        The components the config has.

    Raises
    ------
    ConfigError
        When points of a continuous score are too large to be added up exactly.
    """
    values: dict[str, npt.NDArray[Any]] = {
        "recency": recency.astype(np.int32),
        "frequency": walk.incidents[people],
        "gravity": _gravity(config.score.components.gravity, walk, people),
        "victims": walk.victims[people],
    }
    method = {"points": _by_points, "quantile": _by_quantile, "continuous": _continuous}
    return tuple(
        method[config.score.method](config, name, values[name], eligible)
        for name in COMPONENTS
        if getattr(config.score.components, name) is not None
    )


def _kind(name: str) -> Kind:
    return "float64" if name == "gravity" else "int32"


def _by_points(config: Config, name: str, value: npt.NDArray[Any], eligible: Bool) -> Component:
    bands = getattr(config.score.components, name).bands
    points = [band.points for band in bands]
    if name == "recency":
        band, got = bands_up_to(value, [band.up_to for band in bands], points)
    else:
        band, got = bands_from(value, [band.from_ for band in bands], points)
    return Component(name, _kind(name), value, band, got, max(points))


def _by_quantile(config: Config, name: str, value: npt.NDArray[Any], eligible: Bool) -> Component:
    # Fewer days are more recent: recency is cut by its negative, and its edges are told in days.
    sign = -1.0 if name == "recency" else 1.0
    ranked = sign * value.astype(np.float64)
    given = getattr(config.score.components, name).edges
    if given is None:
        edges = quantile_edges(ranked[eligible], config.score.q or 1)
    else:
        edges = np.sort(sign * np.array(given, np.float64))
    distinct = np.unique(edges)
    band = bands_above(ranked, distinct)
    told = tuple(np.sort(sign * distinct + 0.0).tolist())  # adding 0 turns -0.0 into 0
    return Component(
        name, _kind(name), value, band, band, len(distinct) + 1, told, len(edges) - len(distinct)
    )


def _continuous(config: Config, name: str, value: npt.NDArray[Any], eligible: Bool) -> Component:
    weight = (config.score.weights or {})[name]
    scaled = value.astype(np.float64)
    if config.score.scale == "log1p_max":
        distinct, place = np.unique(scaled, return_inverse=True)
        # The C library's log1p, one distinct value at a time: NumPy's vector form may differ in the last bit.
        scaled = np.array([math.log1p(number) for number in distinct.tolist()])[place]
    if config.score.scale != "none":
        most = float(scaled[eligible].max(initial=0.0))
        scaled = scaled / most if most > 0 else np.zeros_like(scaled)
    with np.errstate(over="ignore"):
        points = rounded(weight * scaled) + 0.0
    if not np.all(np.abs(points) < MOST_POINTS):
        raise ConfigError(
            f"score.weights.{name}: points of {MOST_POINTS} and more cannot be added up exactly; "
            "lower the weight"
        )
    return Component(name, _kind(name), value, np.zeros(len(value), np.int32), points, None)


def add_up(components: tuple[Component, ...]) -> npt.NDArray[Any]:
    """Return the score: the plain sum of the points of each person.

    Parameters
    ----------
    components : tuple of Component
        At least one.

    Returns
    -------
    numpy.ndarray
        int32; float64 in a continuous score, where the exact sum of the parts is rounded once.
    """
    parts = [part.points for part in components]
    if components[0].points_kind == "int32":
        return np.asarray(np.sum(parts, axis=0), np.int32)
    sums = [math.fsum(person) for person in zip(*(part.tolist() for part in parts), strict=True)]
    return rounded(np.array(sums, np.float64)) + 0.0


def _gravity(
    settings: GravityComponentConfig | None, walk: Walk, people: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    aggregate = "max" if settings is None else settings.aggregate
    if aggregate == "max":
        value = walk.gravity_max[people]
    elif aggregate == "sum":
        value = walk.gravity_sum[people]
    elif aggregate == "mean":
        value = walk.gravity_sum[people] / walk.incidents[people]
    else:
        value = walk.decayed[people]
    return rounded(value)
