"""Points in other libraries' types, and back, against the libraries themselves."""

import json

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from shapely import Polygon

from molmo_point.convert import (
    from_supervision,
    to_coco,
    to_shapely,
    to_supervision_detections,
    to_supervision_keypoints,
)
from molmo_point.errors import InvalidPoint, SizeMismatch
from molmo_point.points import Point, Points

SIZE = (640, 480)
FRUIT = Points(
    (Point(320.5, 120.25, "apple", 0.75), Point(10, 20, "pear"), Point(30, 40, "apple", 0.5)),
    SIZE,
    "fruit",
)
NONE = Points((), SIZE, "zebra", state="none")
TWO_IMAGES = Points((Point(1, 2), Point(3, 4, image_index=1)), SIZE)

somewhere = st.floats(0, 4000, width=32)
some_points = st.lists(
    st.builds(
        Point,
        x=somewhere,
        y=somewhere,
        label=st.sampled_from(["", "apple", "pear tree", "çay"]),
        confidence=st.none() | st.floats(0, 1, width=32),
    ),
    min_size=1,
    max_size=6,
).map(lambda items: Points(tuple(items), (4000, 4000), "q"))


@given(points=some_points)
def test_supervision_round_trips(points):
    for found in (
        to_supervision_keypoints(points),
        to_supervision_detections(points, box_size=0),
    ):
        assert from_supervision(found, points.image_size, query="q") == points


def test_keypoints_have_one_object_a_point():
    found = to_supervision_keypoints(FRUIT)
    assert found.xy.shape == (3, 1, 2)
    assert found.xy[0, 0].tolist() == [320.5, 120.25]
    assert found.class_id.tolist() == [0, 1, 0]
    assert found.data["class_name"].tolist() == ["apple", "pear", "apple"]
    np.testing.assert_array_equal(
        found.keypoint_confidence, np.array([[0.75], [np.nan], [0.5]], dtype=np.float32)
    )


def test_detections_are_boxes_about_the_points():
    found = to_supervision_detections(FRUIT, box_size=(20, 10))
    assert found.xyxy[1].tolist() == [0, 15, 20, 25]
    assert found.get_anchors_coordinates(sv.Position.CENTER).tolist() == FRUIT.xy().tolist()
    assert found.tracker_id is None
    pears = found[found.data["class_name"] == "pear"]
    assert len(pears) == 1


def test_detections_carry_the_numbers_of_objects():
    tracked = Points((Point(5, 6, object_id=7), Point(8, 9, object_id=2)), SIZE)
    found = to_supervision_detections(tracked, box_size=4)
    assert found.tracker_id.tolist() == [7, 2]
    assert from_supervision(found, SIZE) == tracked


def test_a_zone_counts_points():
    zone = sv.PolygonZone(
        np.array([[0, 0], [100, 0], [100, 100], [0, 100]]), triggering_anchors=[sv.Position.CENTER]
    )
    inside = zone.trigger(to_supervision_detections(FRUIT, box_size=2))
    assert inside.tolist() == [False, True, True]


def test_the_pixel_that_supervision_draws_holds_the_point():
    scene = np.zeros((480, 640, 3), dtype=np.uint8)
    point = Points((Point(100.9, 50.1),), SIZE)
    sv.VertexAnnotator(color=sv.Color.WHITE, radius=0).annotate(
        scene, to_supervision_keypoints(point)
    )
    assert np.argwhere(scene[..., 0]).tolist() == [[50, 100]]


def test_keypoints_that_are_not_seen_are_left_out():
    found = sv.KeyPoints(
        xy=np.array([[[1, 2], [3, 4]], [[5, 6], [np.nan, 8]]], dtype=np.float32),
        visible=np.array([[True, False], [True, True]]),
    )
    assert from_supervision(found, SIZE).xy().tolist() == [[1, 2], [5, 6]]


@pytest.mark.parametrize(
    "empty",
    [
        to_supervision_keypoints(NONE),
        to_supervision_detections(NONE, box_size=1),
        sv.KeyPoints.empty(),
        sv.Detections.empty(),
    ],
)
def test_nothing_is_nothing(empty):
    assert len(empty) == 0
    assert from_supervision(empty, SIZE, query="zebra") == NONE


def test_shapely_has_the_same_pixels():
    shape = to_shapely(FRUIT)
    assert [(point.x, point.y) for point in shape.geoms] == [(p.x, p.y) for p in FRUIT]
    assert len(shape.intersection(Polygon([(0, 0), (100, 0), (100, 100), (0, 100)])).geoms) == 2
    assert to_shapely(NONE).is_empty


def test_coco_counts_key_points_from_centres_and_boxes_from_the_corner():
    data = to_coco({"a.jpg": Points((Point(0.5, 1.5, "apple", 0.75),), (4, 3))})
    assert data["images"] == [{"id": 1, "width": 4, "height": 3, "file_name": "a.jpg"}]
    (annotation,) = data["annotations"]
    assert annotation["keypoints"] == [0.0, 1.0, 2]  # the pixel of column 0, row 1
    assert annotation["bbox"] == [0.0, 1.0, 1.0, 1.0]  # and its very square
    assert annotation["area"] == 1.0
    assert annotation["score"] == 0.75
    assert annotation["image_id"] == 1


def test_coco_is_consistent_json():
    data = json.loads(json.dumps(to_coco({"a.jpg": FRUIT}, box_size=8)))
    categories = {category["id"]: category["name"] for category in data["categories"]}
    assert [categories[note["category_id"]] for note in data["annotations"]] == [
        "apple",
        "pear",
        "apple",
    ]
    assert [note["id"] for note in data["annotations"]] == [1, 2, 3]
    assert all(len(note["keypoints"]) == 3 * note["num_keypoints"] for note in data["annotations"])
    assert "score" not in data["annotations"][1]
    assert to_coco({"a.jpg": NONE})["annotations"] == []
    assert to_coco({}) == {"images": [], "annotations": [], "categories": []}


def test_coco_numbers_annotations_and_categories_through_all_images():
    other = Points((Point(1, 2), Point(3, 4, "pear"), Point(5, 6, "plum")), (64, 48), "plum")
    data = to_coco({"a.jpg": FRUIT, "none.jpg": NONE, "b.jpg": other})
    assert [image["file_name"] for image in data["images"]] == ["a.jpg", "none.jpg", "b.jpg"]
    assert [note["id"] for note in data["annotations"]] == [1, 2, 3, 4, 5, 6]
    assert [note["image_id"] for note in data["annotations"]] == [1, 1, 1, 3, 3, 3]
    assert [category["name"] for category in data["categories"]] == ["apple", "pear", "plum"]
    assert [note["category_id"] for note in data["annotations"]] == [1, 2, 1, 3, 2, 3]


def test_coco_names_what_has_no_name():
    data = to_coco({"a.jpg": Points((Point(1, 2),), (4, 3))})
    assert data["categories"][0]["name"] == "object"


def test_coco_is_read_by_supervision(tmp_path):
    Image.new("RGB", SIZE).save(tmp_path / "a.jpg")
    path = tmp_path / "points.json"
    path.write_text(json.dumps(to_coco({"a.jpg": FRUIT}, box_size=8)), encoding="utf-8")
    dataset = sv.DetectionDataset.from_coco(str(tmp_path), str(path))
    (_, _, found) = next(iter(dataset))
    assert dataset.classes == ["apple", "pear"]
    assert from_supervision(found, SIZE).xy().tolist() == FRUIT.xy().tolist()


@pytest.mark.parametrize("size", [-1, float("nan"), (3, -1), "big", (1, 2, 3), None])
def test_a_box_has_a_size(size):
    with pytest.raises(InvalidPoint, match="box size"):
        to_supervision_detections(FRUIT, box_size=size)


@pytest.mark.parametrize(
    "convert",
    [
        lambda points: to_coco({"a.jpg": points}),
        to_shapely,
        to_supervision_keypoints,
        lambda points: to_supervision_detections(points, box_size=1),
    ],
)
def test_points_of_several_images_are_refused(convert):
    with pytest.raises(SizeMismatch, match="of_image"):
        convert(TWO_IMAGES)
