"""The ament package: a thin node over molmo_point_adapters.ros2, and what ROS tools need beside."""

from pathlib import Path

from setuptools import setup

NAME = "molmo_point_ros"
SHARED = ("config", "foxglove", "launch", "rviz")

setup(
    name=NAME,
    version="0.1.0",
    description="Points and counts in camera images, as stamped messages",
    license="Apache-2.0",
    packages=[NAME],
    python_requires=">=3.11",
    install_requires=["molmo-point", "setuptools"],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        *(
            (f"share/{NAME}/{folder}", sorted(map(str, Path(folder).iterdir())))
            for folder in SHARED
        ),
    ],
    zip_safe=True,
    entry_points={"console_scripts": ["pointer = molmo_point_ros.pointer:main"]},
)
