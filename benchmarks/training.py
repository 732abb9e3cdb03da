"""How many scenes a second are drawn, and how many are trained on.

python benchmarks/training.py
"""

from __future__ import annotations

import time

import cv2
import torch

from molmo_point.data.scenes import generate_scene
from molmo_point.training.config import TrainingConfig
from molmo_point.training.loop import SceneBatches, Trainer

STEPS = 4


def main() -> None:
    cv2.setNumThreads(1)
    for seed in range(40):
        generate_scene(seed, "dev")
    began = time.perf_counter()
    for seed in range(100):
        generate_scene(seed, "train")
    print("| what | a second |\n| --- | --- |")
    print(f"| scenes drawn, one process | {100 / (time.perf_counter() - began):.0f} |")
    threads = torch.get_num_threads()
    for name, dense in (("naming patches", STEPS + 2), ("questions and naming", 0)):
        config = TrainingConfig(dense_steps=dense, small_share=1.0, overview_share=0.0)
        batches = iter(SceneBatches(config, 0))
        made = [next(batches) for _ in range(STEPS + 1)]
        torch.set_num_threads(threads)
        trainer = Trainer.start(config)
        trainer.train_step(made[0])
        began = time.perf_counter()
        for batch in made[1:]:
            trainer.train_step(batch)
        rate = STEPS * config.small_batch / (time.perf_counter() - began)
        print(f"| one-crop scenes trained on, {name}, {threads} threads | {rate:.1f} |")


if __name__ == "__main__":
    main()
