"""A package of interfaces, built from the wheels of ROS and a compiler, where colcon is not.

What CMake would do: every file becomes IDL, then C, Python, and the code that puts it on the wire.
"""

import json
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from rosidl_adapter import convert_to_idl
from rosidl_generator_c import generate_c
from rosidl_generator_py.generate_py_impl import generate_py
from rosidl_generator_type_description import generate_type_hash
from rosidl_typesupport_c import generate_c as generate_support
from rosidl_typesupport_fastrtps_c import generate_typesupport_fastrtps_c

PREFIX = Path(sys.prefix)
WIRE = "rosidl_typesupport_fastrtps_c"
NEEDED = ("action_msgs", "builtin_interfaces", "geometry_msgs", "service_msgs", "std_msgs",
          "unique_identifier_msgs")  # fmt: skip
PARTS = ("rosidl_generator_c", "rosidl_generator_py", "rosidl_typesupport_c", WIRE)


def build(source, target):
    """Build the package in the folder `source`, to be imported from the folder `target`."""
    code = target / source.name
    generate(source, target, code)
    headers = ["", *(path.name for path in (PREFIX / "include").iterdir())]
    include = [f"-I{PREFIX / 'include' / name}" for name in headers]
    include += [f"-I{path}" for path in (target, sysconfig.get_path("include"), np.get_include())]

    def compile_one(path):
        compiled = path.with_suffix(f"{path.suffix}.o")
        subprocess.run(["g++" if path.suffix == ".cpp" else "gcc", "-O0", "-w", "-fPIC", "-c",
                        *include, path, "-o", compiled], check=True)  # fmt: skip
        return compiled

    sources = sorted(path for path in code.rglob("*.c*") if path.suffix in (".c", ".cpp"))
    with ThreadPoolExecutor(2) as pool:
        compiled = list(pool.map(compile_one, sources))
    entry = next(path for path in compiled if path.name.endswith(".rosidl_typesupport_c.c.o"))
    libraries = [f"-l{name}__{part}" for name in NEEDED for part in PARTS]
    libraries += ["-lrosidl_runtime_c", f"-l{WIRE}", "-lfastcdr", "-lrmw", "-lrcutils"]
    module = code / f"{source.name}_s__rosidl_typesupport_c.so"
    parts = [path for path in compiled if ".ep." not in path.name]
    subprocess.run(["g++", "-shared", "-o", module, entry, *parts, f"-L{PREFIX / 'lib'}",
                    f"-Wl,-rpath,{PREFIX / 'lib'}", *libraries], check=True)  # fmt: skip


def generate(source, target, code):
    files = [path.relative_to(source) for path in sorted(source.glob("*/*.*"))]
    files = [path for path in files if path.suffix in (".msg", ".srv", ".action")]
    for path in files:
        convert_to_idl(source, source.name, path, target / "idl")
    idl = [path.with_suffix(".idl") for path in files]
    share = PREFIX / "share"

    def arguments(generator, **more):
        """The file that a generator of rosidl reads."""
        file = target / f"{generator}.json"
        shared = {
            "package_name": source.name,
            "output_dir": str(code),
            "template_dir": str(share / generator / "resource"),
            "idl_tuples": [f"{target / 'idl'}:{path}" for path in idl],
            "ros_interface_dependencies": [
                f"{path.parents[1].name}:{path}" for path in share.glob("*/*/*.idl")
            ],
            "target_dependencies": [],
        }
        file.write_text(json.dumps(shared | more))
        return str(file)

    paths = [f"{path.name}:{path}" for path in share.iterdir()]
    generate_type_hash(arguments("rosidl_generator_type_description", include_paths=paths))
    described = [f"{path}:{code / path.with_suffix('.json')}" for path in idl]
    generate_c(arguments("rosidl_generator_c", type_description_tuples=described))
    generate_typesupport_fastrtps_c(arguments(WIRE))
    generate_support(arguments("rosidl_typesupport_c"), [WIRE])
    generate_py(arguments("rosidl_generator_py"), ["rosidl_typesupport_c"])
    (code / "__init__.py").touch()
    for generator in ("rosidl_generator_c", WIRE):
        name = f"{generator}__visibility_control.h"
        text = (share / generator / "resource" / f"{name}.in").read_text("utf-8")
        text = text.replace("@PROJECT_NAME@", source.name)
        text = text.replace("@PROJECT_NAME_UPPER@", source.name.upper())
        (code / "msg" / name).write_text(text)
