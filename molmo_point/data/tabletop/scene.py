"""One table: built, let come to rest, and seen by a camera, with depth and whose pixel is whose."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molmo_point.data.backgrounds import draw_background
from molmo_point.data.canvas import Thing
from molmo_point.data.cutouts.light import photograph
from molmo_point.data.scenes import Scene, Split, random_of, renumber
from molmo_point.data.tabletop.objects import TABLETOP_NAMES, build_object
from molmo_point.errors import require

__all__ = ["TabletopScene", "render_table"]

_PURPOSE = 16
_HALF = 0.55  # metres, half a side of the table
_SETTLE = 0.6  # seconds of simulated time in which things come to rest
_SEEN = 0.7  # least visible share of a thing that is not doubtful
_LEAST = 30  # pixels, of 640x480, under which a thing does not count
_SMALL = 4  # the visible share is measured on pictures smaller by this


@dataclass(frozen=True, slots=True)
class TabletopScene:
    """A picture of a table with all that a depth camera would know, and more.

    Attributes:
        image: uint8 [H, W, 3] RGB.
        things: of the scene; the n-th owns the pixels of `owner` that are n + 1.
        owner: int16 [H, W], 0 for the table and what lies behind it.
        depth: float32 [H, W] metres along the optical axis, to the middle of each pixel.
        intrinsics: float64 [3, 3] K in pixels, of rays through (x, y) with the origin at the
            corner of the first pixel: its middle is (0.5, 0.5). ROS and OpenCV have 0.5 less in
            cx and cy.
        pose: float64 [4, 4] camera to world, OpenCV axes: x right, y down, z forward.
    """

    image: NDArray[np.uint8]
    things: tuple[Thing, ...]
    owner: NDArray[np.int16]
    depth: NDArray[np.float32]
    intrinsics: NDArray[np.float64]
    pose: NDArray[np.float64]

    def to_scene(self) -> Scene:
        """The picture and its things alone: those that it shows; doubtful if not their point."""
        height, width = self.owner.shape
        kept = [n for n in range(len(self.things)) if (self.owner == n + 1).any()]
        shown = [self.things[n] for n in kept]
        things = tuple(
            thing
            if 0 <= thing.x < width and 0 <= thing.y < height
            else replace(thing, doubtful=True)
            for thing in shown
        )
        return Scene(self.image, things, "tabletop", owner=renumber(self.owner, kept))


def render_table(
    seed: int, split: Split, size: tuple[int, int] = (640, 480), *, count: int | None = None
) -> TabletopScene:
    """Build and render a table.

    Args:
        seed: any integer from 0; scenes of one split differ by it.
        split: held-out scenes have proportions and table tops that the others never have.
        size: (width, height) in pixels.
        count: of things; by chance if None.

    Raises:
        MissingExtra: the simulator is not installed.
    """
    os.environ.setdefault("MUJOCO_GL", "osmesa")
    mujoco = require("mujoco", "tabletop")
    rng = random_of(split, seed, _PURPOSE)
    apart = split == "heldout"
    names, colours, bodies = _lay_out(rng, count, apart=apart)
    camera, fovy = _place_camera(rng)
    model = mujoco.MjModel.from_xml_string(_world(rng, bodies, camera, fovy, size))
    _paint_table(model, rng, apart=apart)
    data = mujoco.MjData(model)
    while data.time < _SETTLE:
        mujoco.mj_step(model, data)
    owner_of = np.zeros(model.ngeom + 1, np.int16)  # the last: nothing at all
    for geom in range(model.ngeom):
        name = mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_BODY, model.geom_bodyid[geom])
        owner_of[geom] = int(name[1:]) + 1 if name and name.startswith("o") else 0
    picture, depth, owner = _render(mujoco, model, data, owner_of, size)
    shares = _visible_shares(mujoco, model, data, owner_of, size, owner)
    image = photograph(rng, picture.astype(np.float32), greyscale=False, true_colours=True)
    things = [
        _thing(owner == number + 1, names[number], colours[number], shares[number])
        for number in range(len(names))
    ]
    pose = np.eye(4)
    pose[:3, :3] = data.cam_xmat[0].reshape(3, 3) * (1, -1, -1)  # MuJoCo looks along -z, y up
    pose[:3, 3] = data.cam_xpos[0]
    focal = size[1] / 2 / np.tan(np.radians(fovy) / 2)
    intrinsics = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    return TabletopScene(image, tuple(things), owner, depth, intrinsics, pose)


def _lay_out(
    rng: np.random.Generator, count: int | None, *, apart: bool
) -> tuple[list[str], list[str], str]:
    """Names, colours and MJCF of things that stand apart."""
    kinds = [str(name) for name in rng.choice(list(TABLETOP_NAMES), 8, replace=False)]
    many = int(rng.integers(1, 7)) if rng.random() < 0.5 else int(rng.integers(4, 22))
    many = many if count is None else count
    kinds = kinds[: max(1, int(rng.integers(1, 8)))]
    spread = rng.uniform(0.25, 0.9) * _HALF
    names: list[str] = []
    colours: list[str] = []
    bodies = ""
    taken: list[tuple[float, float, float]] = []
    for _ in range(8 * many):
        if len(names) == many:
            break
        name = str(rng.choice(kinds))
        built = build_object(name, rng, apart=apart)
        x, y = (float(value) for value in rng.uniform(-spread, spread, 2))
        if any(np.hypot(x - a, y - b) < built.reach + reach + 0.004 for a, b, reach in taken):
            continue
        taken.append((x, y, built.reach))
        turn = rng.uniform(0, 360)
        bodies += (
            f'<body name="o{len(names)}" pos="{x:.4f} {y:.4f} 0.002" euler="0 0 {turn:.1f}">'
            f"<freejoint/>{built.geoms}</body>"
        )
        names.append(name)
        colours.append(built.colour)
    return names, colours, bodies


def _place_camera(rng: np.random.Generator) -> tuple[str, float]:
    """MJCF of a camera that looks at the table, and its vertical field of view in degrees."""
    around, up = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(22, 78))
    far = rng.uniform(0.6, 1.25)
    aim = np.array([*rng.uniform(-0.1, 0.1, 2), 0.03])
    back = np.array([np.cos(around) * np.cos(up), np.sin(around) * np.cos(up), np.sin(up)])
    right = np.cross([0, 0, 1], back)
    right /= np.linalg.norm(right)
    tilt = rng.normal(0, 0.04)
    above = np.cross(back, right)
    right, above = (
        right * np.cos(tilt) + above * np.sin(tilt),
        above * np.cos(tilt) - right * np.sin(tilt),
    )
    place = " ".join(f"{value:.4f}" for value in aim + far * back)
    axes = " ".join(f"{value:.5f}" for value in (*right, *above))
    fovy = float(rng.uniform(38, 62))
    return f'<camera name="eye" pos="{place}" xyaxes="{axes}" fovy="{fovy:.3f}"/>', fovy


def _world(
    rng: np.random.Generator, bodies: str, camera: str, fovy: float, size: tuple[int, int]
) -> str:
    floor = " ".join(f"{value:.2f}" for value in rng.uniform(0.1, 0.8, 3))
    lights = ""
    for _ in range(int(rng.integers(1, 3))):
        x, y = rng.uniform(-1, 1, 2)
        strength = rng.uniform(0.2, 0.5)
        lights += (
            f'<light pos="{x:.2f} {y:.2f} 1.8" dir="{-x:.2f} {-y:.2f} -1.5" '
            f'diffuse="{strength:.2f} {strength:.2f} {strength:.2f}" '
            f'castshadow="{"true" if rng.random() < 0.6 else "false"}" directional="true"/>'
        )
    ambient = rng.uniform(0.25, 0.45)
    return (
        f'<mujoco><compiler angle="degree"/><option timestep="0.004"/>'
        f'<default><geom friction="1 0.02 0.01" condim="6"/></default><visual>'
        f'<global offwidth="{size[0]}" offheight="{size[1]}"/><map znear="0.02" zfar="30"/>'
        f'<headlight ambient="{ambient:.2f} {ambient:.2f} {ambient:.2f}" diffuse="0.2 0.2 0.2"/>'
        f'<quality shadowsize="1024"/></visual><asset>'
        f'<texture name="top" type="2d" builtin="flat" width="256" height="256"/>'
        f'<material name="top" texture="top" specular="0.1"/></asset><worldbody>{lights}{camera}'
        f'<geom type="plane" size="6 6 .1" pos="0 0 -0.7" rgba="{floor} 1"/>'
        f'<geom name="table" type="box" size="{_HALF * 1.3} {_HALF * 1.3} .02" pos="0 0 -0.02" '
        f'material="top"/>{bodies}</worldbody></mujoco>'
    )


def _paint_table(model: Any, rng: np.random.Generator, *, apart: bool) -> None:
    """Fill the texture of the table top; held-out ones are planks and cloths."""
    picture = _planks(rng) if apart else draw_background(rng, (256, 256))
    model.tex_data[:] = np.clip(picture, 0, 255).astype(np.uint8).reshape(-1)


def _planks(rng: np.random.Generator) -> NDArray[np.float32]:
    """Boards with grain, or a chequered cloth."""
    row, column = np.mgrid[0:256, 0:256].astype(np.float32)
    colour = rng.uniform(60, 220, 3).astype(np.float32)
    if rng.random() < 0.4:
        cell = rng.uniform(8, 32)
        level = ((row // cell + column // cell) % 2)[..., None]
        return np.asarray(colour * (1 - level) + level * rng.uniform(120, 250, 3), np.float32)
    boards = rng.normal(1, 0.09, 9)[(row // 32).astype(int)]
    grain = np.sin(column * rng.uniform(0.01, 0.05) + 6 * np.sin(row * rng.uniform(0.05, 0.3)))
    seam = (row % 32 < 1.5) * 0.3
    return np.asarray(colour * (boards * (1 + 0.07 * grain) - seam)[..., None], np.float32)


def _render(
    mujoco: Any, model: Any, data: Any, owner_of: NDArray[np.int16], size: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int16]]:
    """Picture, depth, and whose each pixel is."""
    renderer = mujoco.Renderer(model, size[1], size[0])
    try:
        renderer.update_scene(data, "eye")
        picture = np.array(renderer.render())
        renderer.enable_depth_rendering()
        renderer.update_scene(data, "eye")
        depth = np.array(renderer.render(), np.float32)
        renderer.disable_depth_rendering()
        renderer.enable_segmentation_rendering()
        renderer.update_scene(data, "eye")
        owner = owner_of[renderer.render()[..., 0]]
    finally:
        renderer.close()
    return picture, depth, owner


def _visible_shares(
    mujoco: Any,
    model: Any,
    data: Any,
    owner_of: NDArray[np.int16],
    size: tuple[int, int],
    owner: NDArray[np.int16],
) -> Mapping[int, float]:
    """Of each thing, the share of it that nothing else hides and the picture's edge leaves."""
    small = mujoco.Renderer(model, size[1] // _SMALL, size[0] // _SMALL)
    shares = {}
    colours = model.geom_rgba.copy()
    try:
        small.enable_segmentation_rendering()
        for number in range(int(owner_of.max(initial=0))):
            own = owner_of[: model.ngeom] == number + 1
            model.geom_rgba[:, 3] = np.where(own, 1.0, 0.0)
            small.update_scene(data, "eye")
            alone = int((owner_of[small.render()[..., 0]] == number + 1).sum()) * _SMALL**2
            shares[number] = float((owner == number + 1).sum()) / max(alone, 1)
    finally:
        model.geom_rgba[:] = colours
        small.close()
    return shares


def _thing(mask: NDArray[np.bool_], name: str, colour: str, share: float) -> Thing:
    """What the pixels of a thing say; one that is hardly seen is doubtful."""
    rows, columns = np.nonzero(mask)
    if len(rows) < 4:
        return Thing(name, -1.0, -1.0, (-2.0, -2.0, -1.0, -1.0), "", doubtful=True)
    box = (float(columns.min()), float(rows.min()), columns.max() + 1.0, rows.max() + 1.0)
    middle = np.array([(box[1] + box[3]) / 2, (box[0] + box[2]) / 2])
    places = np.stack([rows, columns], axis=1) + 0.5
    y, x = places[np.square(places - middle).sum(1).argmin()]
    height, width = mask.shape
    edge = box[0] <= 0 or box[1] <= 0 or box[2] >= width or box[3] >= height
    doubtful = bool(edge or share < _SEEN or len(rows) < _LEAST * width * height / 307200)
    return Thing(name, float(x), float(y), box, colour, doubtful=doubtful)
