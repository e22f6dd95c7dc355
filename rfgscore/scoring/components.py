"""The components of a score: values out of the windows, bands and points out of the config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.config import COMPONENTS, Config
from rfgscore.config.model import GravityComponentConfig
from rfgscore.scoring.bands import bands_from, bands_up_to
from rfgscore.tables import Kind
from rfgscore.windows import Walk, rounded

__all__ = ["UNITS", "Component", "score_components"]

UNITS = {"recency": "days", "frequency": "incidents", "gravity": "weight", "victims": "victims"}


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
    band, points : numpy.ndarray
        int32 band (0 for none) and points.
    max_points : int
        Highest points of the component.
    """

    name: str
    kind: Kind
    value: npt.NDArray[Any]
    band: npt.NDArray[np.int32]
    points: npt.NDArray[np.int32]
    max_points: int

    @property
    def tie_break(self) -> npt.NDArray[Any]:
        """The value as tie-breaks order it: lower first."""
        return self.value if self.name == "recency" else -self.value


def score_components(
    config: Config, walk: Walk, people: npt.NDArray[np.int64], recency: npt.NDArray[np.int64]
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

    Returns
    -------
    tuple of Component
        The components the config has.
    """
    values: dict[str, npt.NDArray[Any]] = {
        "recency": recency.astype(np.int32),
        "frequency": walk.incidents[people],
        "gravity": _gravity(config.score.components.gravity, walk, people),
        "victims": walk.victims[people],
    }
    out: list[Component] = []
    for name in COMPONENTS:
        settings = getattr(config.score.components, name)
        if settings is None:
            continue
        points = [band.points for band in settings.bands]
        if name == "recency":
            band, got = bands_up_to(values[name], [band.up_to for band in settings.bands], points)
        else:
            band, got = bands_from(values[name], [band.from_ for band in settings.bands], points)
        kind: Kind = "float64" if name == "gravity" else "int32"
        out.append(Component(name, kind, values[name], band, got, max(points)))
    return tuple(out)


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
