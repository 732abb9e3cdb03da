"""The program as a person runs it: what it prints, where, and with which exit code."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from molmo_point.points import Points

SHAPES = Path(__file__).parents[2] / "examples" / "shapes.png"
MAIN = "from molmo_point.cli.main import main; main()"


def run(*words, cwd=None, stdin=None):
    return subprocess.run(
        [sys.executable, "-c", MAIN, *map(str, words)],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )


def said(done, stream="stdout"):
    return getattr(done, stream).decode()


def one_sentence(done, *words):
    """It failed with exit code 2 and one line, with these words in it."""
    text = said(done, "stderr")
    assert done.returncode == 2, text
    assert text.startswith("molmo-point: ")
    assert text.count("\n") == 1
    assert said(done) == ""
    for word in words:
        assert word in text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two images and a file that is none."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        Image.fromarray(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)).save(folder / name)
    (folder / "c.png").write_bytes(b"no image")
    return folder


def test_count_prints_the_number_alone():
    done = run("count", SHAPES, "red circles")
    assert done.returncode == 0
    assert said(done) == f"{int(said(done))}\n"
    assert int(said(done)) > 0


def test_count_without_a_query_counts_what_stands_out():
    done = run("count", SHAPES, "--json")
    assert json.loads(said(done))["query"] == "objects"


def test_a_line_of_json_is_the_name_and_the_points():
    done = run("point", SHAPES, "circles", "--json")
    line = json.loads(said(done))
    assert line.pop("image") == str(SHAPES)
    points = Points.from_dict(line)
    assert points.to_dict() == line
    assert points.image_size == (480, 360)
    assert line["count"] == len(points) > 0


def test_point_prints_pixels_and_confidence():
    done = run("point", SHAPES, "objects")
    assert done.returncode == 0
    assert said(done)
    for line in said(done).splitlines():
        x, y, sure = map(float, line.split("\t"))
        assert 0 <= x <= 480
        assert 0 <= y <= 360
        assert 0 <= sure <= 1


def test_a_folder_goes_on_after_a_bad_file(folder):
    done = run("count", folder, "dots")
    assert done.returncode == 1
    lines = said(done).splitlines()
    assert [line.split("\t")[0] for line in lines] == [str(folder / "a.png"), str(folder / "b.png")]
    assert "c.png" in said(done, "stderr")
    assert "Traceback" not in said(done, "stderr")


def test_what_a_folder_leaves_out_is_said(tmp_path):
    shutil.copy(SHAPES, tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "more").mkdir()
    done = run("count", tmp_path, "stars")
    assert done.returncode == 0
    assert len(said(done).splitlines()) == 1
    assert "more/, notes.txt" in said(done, "stderr")


def test_answers_in_a_file_are_not_asked_for_again(tmp_path, folder):
    out = tmp_path / "new" / "answers.jsonl"
    first = run("count", folder / "a.png", "dots", "--out", out)
    assert first.returncode == 0
    assert said(first) == ""
    line = out.read_text()
    assert json.loads(line)["image"] == str(folder / "a.png")
    out.write_text(line.replace('"count": ', '"count": 7') + line[:20])  # stopped while writing
    more = run("count", folder / "[ab].png", "dots", "--out", out)
    assert more.returncode == 0
    assert "1 of 2 images" in said(more, "stderr")
    answers = [json.loads(each) for each in out.read_text().splitlines()]
    assert [Path(each["image"]).name for each in answers] == ["a.png", "b.png"]
    assert str(answers[0]["count"]).startswith("7")
    one_sentence(run("count", folder / "a.png", "stars", "--out", out), '"dots"', "another file")
    one_sentence(run("point", folder / "a.png", "dots", "--out", out), '"count"', "another file")
    one_sentence(run("count", folder / "a.png", "dots", "--out", SHAPES), "no answer")


def test_a_single_point_is_the_best_guess():
    done = run("point", SHAPES, "stars", "--single")
    assert done.returncode == 0
    assert len(said(done).splitlines()) == 1


def test_patterns_and_several_files(folder):
    pattern = run("count", folder / "[ab].png", "dots")
    files = run("count", folder / "a.png", folder / "b.png", "--query", "dots")
    assert pattern.returncode == files.returncode == 0
    assert said(pattern) == said(files)


def test_standard_input_is_an_image_or_a_list():
    image = run("count", "-", "stars", stdin=SHAPES.read_bytes())
    paths = run("count", "-", "stars", stdin=f"{SHAPES}\n".encode())
    plain = run("count", SHAPES, "stars")
    assert image.returncode == paths.returncode == plain.returncode == 0
    assert said(image) == said(paths) == said(plain) != ""


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_ctrl_c,
    )


def heed_ctrl_c():
    """Jobs in the background of a shell are begun deaf to it, and so are their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_reader_that_has_seen_enough_is_no_failure(folder):
    with start("count", folder / "[ab].png", "dots") as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_ctrl_c_is_said_in_a_word(tmp_path, folder):
    for number in range(200):  # far from done when it is told to stop
        shutil.copy(folder / "a.png", tmp_path / f"{number}.png")
    with start("count", tmp_path, "dots") as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b"molmo-point: stopped\n"
    assert process.returncode == 130


def test_draw_writes_the_picture(tmp_path, folder):
    target = tmp_path / "deep" / "out.png"
    assert run("count", SHAPES, "stars", "--draw", target).returncode == 0
    with Image.open(target) as drawn:
        assert drawn.width == 480
    run("count", folder / "a.png", "dots", "--draw", tmp_path / "one")  # a folder, by its name
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["a.png"]
    run("count", folder, "dots", "--draw", tmp_path / "all")
    assert {path.name for path in (tmp_path / "all").iterdir()} == {"a.png", "b.png"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["point", "missing.png", "stars"], ["missing.png"]),
        (["point", SHAPES], ["words"]),
        (["point", SHAPES, "  "], ["query"]),
        (["count", SHAPES, "x" * 300], ["does not know the word"]),
        (["point", SHAPES, "xylophone"], ["xylophone", "models --names"]),
        (["count", SHAPES, "stars", "--model", "nowhere"], ["nowhere", "models"]),
        (["count", SHAPES, "stars", "--model", "."], ["config.json"]),
        (["count", SHAPES, "stars", "--model", "allenai/Molmo-7B-D-0924"], ["Molmo-7B-D"]),
        (["count", SHAPES, "stars", "--model", "allenai/Molmo2-8B/"], ["no name of a model"]),
        (
            ["count", "https://example.org/a.jpg", "stars"],
            ["https://example.org/a.jpg", "download"],
        ),
        (["count", SHAPES, "stars", "--device", "cuda"], ["cuda"]),
        (["count", SHAPES, "stars", "--device", "toaster"], ["toaster"]),
        (["count", SHAPES, "stars", "--device", "mps"], ["mps", "cpu"]),
        (["count", SHAPES, "stars", "--dtype", "float16"], ["float16", "bfloat16"]),
        (["count", SHAPES, "stars", "--draw", "out.nonsense"], ["out.nonsense"]),
        (["count", "."], ["holds no image"]),
        (["count", "*.png"], ["*.png", "name a file"]),
    ],
    ids=lambda value: "-".join(map(str, value))[-40:] if isinstance(value, list) else None,
)
def test_bad_input_is_one_sentence(words, expected, tmp_path):
    one_sentence(run(*words, cwd=tmp_path), *expected)


def test_a_model_without_a_tensor_names_it(tmp_path):
    from safetensors.torch import load_file, save_file

    import molmo_point.models.registry as registry

    broken = tmp_path / "broken"
    shutil.copytree(Path(registry.__file__).parent / "embedded", broken)
    weights = broken / "model.safetensors"
    tensors = load_file(weights)
    tensors.pop("lm_head.output_embeddings")
    save_file(tensors, weights, metadata={"format": "pt"})
    one_sentence(run("count", SHAPES, "stars", "--model", broken), "lm_head")
    weights.unlink()
    one_sentence(run("count", SHAPES, "stars", "--model", broken), "safetensors")


def test_models_names_version_help():
    assert "allenai/MolmoPoint-8B" in said(run("models"))
    listed = run("models", "--names")
    names = said(listed).splitlines()
    assert said(listed, "stderr") == ""
    assert {"apple", "circles", "red", "fire truck", "objects"} <= set(names)
    assert not {"axe", "truck fire", "that"} & set(names)  # words, but no things
    assert said(run("--version")).strip()[0].isdigit()
    assert "count" in said(run("--help"))


def test_helps_lose_nothing_to_markup():
    """What stands in square brackets in a help text is taken for a style, and not printed."""
    import typer

    from molmo_point.cli import main

    main._add_commands_of_adapters()
    commands = typer.main.get_command(main.app).commands
    for name, command in commands.items():
        for parameter in command.params:
            assert "[" not in (getattr(parameter, "help", None) or ""), (name, parameter.name)
    assert "the embedded model" in said(run("point", "--help"))


def test_doctor_says_what_is_here():
    done = run("doctor")
    assert "torch" in said(done)
    assert "cpu linear layers" in said(done)
    assert "works" in said(done)
    assert done.returncode == 0


def test_parity_puts_two_precisions_side_by_side():
    done = run("parity", "embedded", SHAPES, "-q", "stars", "--dtype", "bf16", "--against",
               "float32", "--json")  # fmt: skip
    assert done.returncode == 0, said(done, "stderr")
    figures = json.loads(said(done))
    assert figures["questions"] == 1
    assert 0 <= figures["same_count"] <= 1
    done = run("parity", "embedded", SHAPES)
    assert done.returncode == 2
    assert "at least one query" in said(done, "stderr")
