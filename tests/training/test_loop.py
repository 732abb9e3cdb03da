"""A run: resumed exactly, learning, exported for `Pointer`."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from filelock import FileLock

from molmo_point import Pointer
from molmo_point.data.names import COLOURS, KNOWN_NAMES
from molmo_point.data.queries import ask_about
from molmo_point.data.scenes import generate_scene, random_of
from molmo_point.data.worlds import WORLDS, find_world
from molmo_point.errors import ModelError, MolmoPointError
from molmo_point.models.molmo_point.locations import PatchGrids, PointTokens
from molmo_point.training.build import build_processor
from molmo_point.training.checkpoint import begin_with, load_checkpoint, save_checkpoint
from molmo_point.training.config import ModelSize, TrainingConfig
from molmo_point.training.export import export_checkpoint
from molmo_point.training.loop import SceneBatches, Trainer, train
from molmo_point.training.packing import IGNORE, collate, pack_scene

SIZE = ModelSize(
    crop=96, patch=12, margin=1, max_crops=4, vision_width=32, vision_layers=2, text_width=48,
    text_layers=1, point_dim=16, heat_dim=16, overview=8,
)  # fmt: skip
TINY = TrainingConfig(
    model=SIZE, steps=6, dense_steps=2, small_batch=2, large_batch=2, questions=2, warm_up=2
)


def test_a_resumed_run_has_the_weights_of_an_uninterrupted_one(tmp_path):
    whole = train(TINY, tmp_path / "whole", workers=0)
    half = dataclasses.replace(TINY)
    first = train(half, tmp_path / "half", workers=0, minutes=0)
    assert 0 < first.step < TINY.steps
    second = train(half, tmp_path / "half", workers=0)
    assert second.step == whole.step == TINY.steps
    for name, value in whole.average.state_dict().items():
        torch.testing.assert_close(second.average.state_dict()[name], value, rtol=0, atol=0)


def test_two_processes_do_not_train_in_one_folder(tmp_path):
    with (
        FileLock(tmp_path / "run.lock"),
        pytest.raises(MolmoPointError, match="being trained by another process"),
    ):
        train(TINY, tmp_path, workers=0, minutes=0)
    assert not list(tmp_path.glob("run-*"))
    assert train(TINY, tmp_path, workers=0, minutes=0).step > 0


def test_a_configuration_may_say_only_what_is_not_usual():
    assert TrainingConfig.from_json('{"world": "all"}') == TrainingConfig(world="all")
    with pytest.raises(TypeError, match="wrold"):
        TrainingConfig.from_json('{"wrold": "all"}')


def test_another_configuration_does_not_go_on(tmp_path):
    train(TINY, tmp_path, workers=0, minutes=0)
    other = dataclasses.replace(TINY, questions=3)
    with pytest.raises(ModelError, match="questions"):
        load_checkpoint(Trainer.start(other), tmp_path)


def test_losses_fall_on_a_batch_that_is_seen_again():
    config = dataclasses.replace(TINY, dense_steps=0, steps=400, peak_rate=3e-3)
    batch = next(iter(SceneBatches(config, 0)))
    trainer = Trainer.start(config)
    first = trainer.train_step(batch)
    for _ in range(60):
        last = trainer.train_step(batch)
    for name in ("patch", "subpatch", "location", "text", "dense"):
        assert last[name] < first[name], name


def test_products_in_bfloat16_leave_weights_and_gradients_nearly_alike():
    batch = next(iter(SceneBatches(TINY, 0)))
    plain, rounded = (
        Trainer.start(dataclasses.replace(TINY, bfloat16=low)) for low in (False, True)
    )
    assert plain.model.state_dict().keys() == rounded.model.state_dict().keys()
    first, second = plain.encode(batch.pixel_values), rounded.encode(batch.pixel_values)
    assert second.dtype == torch.float32
    apart = (first - second).abs().max() / first.abs().max()
    assert 0 < apart < 0.03  # 8 bits of mantissa, two layers
    for trainer in (plain, rounded):
        trainer.train_step(batch)
    name = "model.vision_tower.layers.0.mlp.fc1.weight"
    slopes = [dict(trainer.model.named_parameters())[name].grad for trainer in (plain, rounded)]
    assert torch.nn.functional.cosine_similarity(*(s.flatten() for s in slopes), dim=0) > 0.995


def test_scenes_made_in_the_trainers_process_leave_it_its_threads():
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        next(iter(SceneBatches(TINY, 0, "dev")))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_export_is_a_checkpoint_for_pointer(tmp_path):
    export_checkpoint(Trainer.start(TINY), tmp_path)
    points = Pointer(tmp_path).point(np.zeros((50, 60, 3), dtype=np.uint8), "red circles")
    assert points.image_size == (60, 50)


def test_a_new_run_may_begin_with_the_weights_of_a_checkpoint(tmp_path):
    first = Trainer.start(dataclasses.replace(TINY, seed=5))
    export_checkpoint(first, tmp_path / "model")
    begun = train(
        dataclasses.replace(TINY, steps=0),
        tmp_path / "run",
        start_from=tmp_path / "model",
        workers=0,
    )
    for name, value in first.average.state_dict().items():
        torch.testing.assert_close(begun.model.state_dict()[name], value, rtol=1e-3, atol=1e-3)


def test_a_run_in_another_world_keeps_what_both_know(tmp_path):
    first = Trainer.start(dataclasses.replace(TINY, seed=5))
    export_checkpoint(first, tmp_path / "model")
    other = Trainer.start(dataclasses.replace(TINY, world="things"))
    begin_with(other, tmp_path / "model")
    old, new = (run.processor.tokenizer.get_vocab() for run in (first, other))
    table = "model.language_model.embed_tokens.weight"
    for word in ("apple", "circles", "<|vit_loc|>", "red"):
        torch.testing.assert_close(
            other.model.state_dict()[table][new[word]],
            first.average.state_dict()[table][old[word]],
            rtol=1e-3,
            atol=1e-3,
        )
    assert len(new) > len(old)
    large = Trainer.start(dataclasses.replace(TINY, model=dataclasses.replace(SIZE, heat_dim=32)))
    with pytest.raises(ModelError, match="other sizes"):
        begin_with(large, tmp_path / "model")


def test_a_deeper_run_begins_with_the_same_function(tmp_path):
    first = Trainer.start(dataclasses.replace(TINY, seed=5))
    export_checkpoint(first, tmp_path / "model")
    deeper = dataclasses.replace(SIZE, vision_layers=5)
    other = Trainer.start(dataclasses.replace(TINY, model=deeper, seed=6))
    begin_with(other, tmp_path / "model")
    crops = torch.randn(2, 64, 432)
    with torch.no_grad():
        said = [run.average.model.encode_crops(crops) for run in (first, other)]
    assert said[0].std() > 0.1
    torch.testing.assert_close(said[1], said[0], rtol=1e-2, atol=1e-2)  # kept as half precision
    export_checkpoint(other, tmp_path / "deeper")
    with pytest.raises(ModelError, match="5 layers does not fit into one of 2"):
        begin_with(first, tmp_path / "deeper")


def test_vectors_of_names_go_with_their_names(tmp_path):
    first = Trainer.start(dataclasses.replace(TINY, seed=5))
    for heat in (first.model.model.heat, first.average.model.heat):
        with torch.no_grad():
            heat.own["names"].copy_(torch.arange(len(heat.own["names"]))[:, None].float())
    export_checkpoint(first, tmp_path / "model")
    other = Trainer.start(dataclasses.replace(TINY, world="things"))
    begin_with(other, tmp_path / "model")
    old, new = (list(find_world(run.config.world).names) for run in (first, other))
    own = other.model.model.heat.own["names"]
    for name in ("circle", "penguin"):
        assert new.index(name) != old.index(name)
        assert (own[new.index(name)] == old.index(name)).all()
    assert "alarm clock" not in old
    assert (own[new.index("alarm clock")] == 0).all()
    plain = dataclasses.replace(TINY, model=dataclasses.replace(SIZE, own_vectors=False))
    with pytest.raises(ModelError, match="set own_vectors to true"):
        begin_with(Trainer.start(plain), tmp_path / "model")


def test_an_overview_begins_beside_what_has_been_learnt(tmp_path):
    plain = dataclasses.replace(TINY, model=dataclasses.replace(SIZE, overview=0), seed=5)
    first = Trainer.start(plain)
    with torch.no_grad():
        first.average.model.heat.extent.weight.normal_()
    export_checkpoint(first, tmp_path / "model")
    other = Trainer.start(dataclasses.replace(TINY, seed=6))
    begin_with(other, tmp_path / "model")
    for body in (other.model.model, other.average.model):
        sides = body.heat.extent.weight * body.heat.feature_norm.weight
        assert (sides @ body.overview.skip.weight).abs().max() < 1e-4
        assert body.overview.skip.weight.diagonal().mean() > 0.5
    export_checkpoint(other, tmp_path / "told")
    with torch.no_grad():
        other.average.model.overview.skip.weight.fill_(0.25)
    export_checkpoint(other, tmp_path / "told")
    with pytest.raises(ModelError, match="set overview to 8"):
        begin_with(Trainer.start(plain), tmp_path / "told")
    third = Trainer.start(TINY)
    begin_with(third, tmp_path / "told")
    assert (third.model.model.overview.skip.weight == 0.25).all()


NAMES = {name: rank for rank, name in enumerate(KNOWN_NAMES)}
HUES = {name: rank for rank, name in enumerate(COLOURS)}


def packed(seed):
    processor = build_processor(SIZE, ["x"])
    scene = generate_scene(seed, "train", size=(150, 120))
    queries = ask_about(scene, random_of("train", seed, 1), 3)
    return (
        scene,
        queries,
        processor,
        pack_scene(
            scene,
            queries,
            processor,
            names=NAMES,
            colours=HUES,
            meanings={},
            text_vocabulary=len(processor.tokenizer),
            locations=9,
        ),
    )


def test_labels_lead_back_to_the_things():
    for seed in range(6):
        scene, queries, processor, row = packed(seed)
        inputs = processor.encode_image_prefix([scene.image])
        data = inputs.metadata[0]
        grids = PatchGrids(data.token_pooling, data.subpatch_mapping, data.image_sizes)
        patches, inside = data.token_pooling.shape
        text = len(processor.tokenizer)
        for number, query in enumerate(queries, start=1):
            own = row.segment_ids == number
            labels = row.labels[own]
            labels = labels[labels != IGNORE]
            assert labels[-1] == text + patches
            triples = labels[:-1].reshape(-1, 3) - [
                text,
                text + patches + 1,
                text + patches + 1 + inside,
            ]
            found = [grids.to_point(PointTokens(*map(int, triple))) for triple in triples]
            things = [scene.things[index] for index in query.targets]
            for point in found:
                off = min(np.hypot(point.x - t.x, point.y - t.y) for t in things)
                assert off < 12
            assert len(found) <= len(things)
            assert (len(found) > 0) == (len(things) > 0)
            end = row.question_end[own]
            assert (end == end[0]).all()
            assert row.segment_ids[end[0]] == number


def test_of_two_crops_each_token_keeps_its_own_patches():
    _, _, _, row = packed(2)
    kept = row.two_crops(np.random.default_rng(0))
    patches = row.names.shape[1]
    assert row.names.shape[0] > 2
    assert kept.names.shape[0] == len(kept.pixel_values) == 2
    which = next(
        crop
        for crop in range(1, len(row.names))
        if (kept.pixel_values[1] == row.pixel_values[crop]).all()
    )
    crop = np.where(row.token_pooling < 0, -1, row.token_pooling // patches)
    assert ((kept.token_pooling >= 0) == np.isin(crop, (0, which))).all()
    there = kept.token_pooling >= 0
    for name in ("names", "centres", "extents", "pixel_values"):
        before, after = (
            getattr(one, name).reshape(-1, *getattr(one, name).shape[2:])[one.token_pooling[there]]
            for one in (row, kept)
        )
        assert (before == after).all(), name
    assert kept.centres[1].any() or not row.centres[1:].any()
    assert (kept.grid == row.grid).all()


def test_a_run_reads_a_global_view_and_one_more_crop(tmp_path):
    config = dataclasses.replace(TINY, overview_share=1.0, small_batch=4)
    batch = next(iter(SceneBatches(config, 0)))
    assert len(batch.grids) == 2
    assert batch.pixel_values.shape[0] <= 4
    trainer = train(dataclasses.replace(config, steps=2), tmp_path, workers=0)
    assert trainer.model.model.overview.mix.weight.abs().max() > 0


def test_collated_ids_move_with_the_longest_table():
    rows = [packed(seed)[3] for seed in range(2)]
    small = generate_scene(9, "train", size=(80, 80))
    _, _, processor, _ = packed(0)
    rows.append(
        pack_scene(
            small, ask_about(small, random_of("train", 9, 1), 2), processor, names=NAMES,
            colours=HUES, meanings={}, text_vocabulary=len(processor.tokenizer), locations=9,
        )
    )  # fmt: skip
    batch = collate(rows)
    longest = max(len(row.token_pooling) for row in rows)
    end_of_list = len(processor.tokenizer) + longest
    for index, row in enumerate(rows):
        questions = len(np.unique(row.segment_ids)) - 1
        assert int((batch.labels[index] == end_of_list).sum()) == questions
    assert batch.token_pooling.max() < batch.names.numel()


def test_the_rate_rises_and_falls():
    config = TrainingConfig(
        steps=1000, dense_steps=300, warm_up=100, decay_share=0.4, peak_rate=1.0
    )
    assert config.rate(0) == pytest.approx(0.01)
    assert config.rate(200) == 1.0
    assert config.rate(300) == pytest.approx(0.01)
    assert config.rate(599) == 1.0
    assert config.rate(800) == pytest.approx(0.5)
    assert config.rate(1000) == 0.0
    assert TrainingConfig.from_json(config.to_json()) == config


def test_a_run_is_kept_in_files_that_pass_anywhere(tmp_path):
    trainer = Trainer.start(dataclasses.replace(TINY, model=ModelSize(text_layers=4)))
    save_checkpoint(trainer, tmp_path)
    trainer.step = 7
    save_checkpoint(trainer, tmp_path)
    files = list(tmp_path.glob("*.safetensors"))
    assert len(files) > 2
    assert max(file.stat().st_size for file in files) < 15e6
    assert {file.name.split("-")[1] for file in files} == {"0000007"}
    again = Trainer.start(trainer.config)
    assert load_checkpoint(again, tmp_path)
    assert again.step == 7


@pytest.mark.parametrize(
    "wrong",
    [{"warm_up": 0}, {"steps": "5"}, {"small_batch": 65}, {"decay_share": 0}, {"crop": 100},
     {"vision_width": 40}, {"peak_rate": "6e-4"}, {"peak_rate": float("nan")}, {"clip": True}],
)  # fmt: skip
def test_a_configuration_that_cannot_be_is_a_sentence(wrong):
    sizes = {name: wrong[name] for name in ("crop", "vision_width") if name in wrong}
    with pytest.raises(ModelError, match=next(iter(wrong)) if "small_batch" not in wrong else "64"):
        TrainingConfig.from_json(json.dumps({"model": sizes} if sizes else wrong))


def test_sizes_that_do_not_fit_together_are_a_sentence_too():
    for text, words in (("[1]", "JSON objects"), ('{"model": 3}', "JSON objects"),
                        ('{"model": {"crop": 90, "patch": 10}}', "a multiple of 4")):  # fmt: skip
        with pytest.raises(ModelError, match=words):
            TrainingConfig.from_json(text)


def test_a_run_from_before_names_had_vectors_goes_on(tmp_path):
    old = dataclasses.replace(TINY, model=dataclasses.replace(SIZE, own_vectors=False))
    save_checkpoint(Trainer.start(old), tmp_path)
    state = json.loads((tmp_path / "run.json").read_text())
    del state["config"]["model"]["own_vectors"]
    (tmp_path / "run.json").write_text(json.dumps(state))
    with pytest.raises(ModelError, match="other values of model"):
        load_checkpoint(Trainer.start(TINY), tmp_path)
    assert load_checkpoint(Trainer.start(old), tmp_path)


def test_a_checkpoint_of_the_same_step_is_not_written_over(tmp_path):
    trainer = train(TINY, tmp_path, workers=0)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("run*")}
    save_checkpoint(trainer, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("run*")} == before


def test_a_world_about_which_nothing_can_be_asked_is_said(monkeypatch):
    silent = dataclasses.replace(find_world("drawn"), kinds={})
    monkeypatch.setitem(WORLDS, "drawn", silent)
    with pytest.raises(MolmoPointError, match="Nothing can be asked"):
        list(SceneBatches(dataclasses.replace(TINY, dense_steps=0), 0))
