import os
import subprocess
import sys


def run(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_importing_the_room_imports_no_deep_learning_library() -> None:
    code = (
        "import fer_fairness.modeling, sys; assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    run(code)


def test_keras_comes_silently_and_standard_error_works_afterwards() -> None:
    code = (
        "import sys; from fer_fairness.modeling import quiet_backend; quiet_backend(); "
        "import keras; keras.ops.ones(2) + 1; sys.stderr.write('afterwards')"
    )
    assert run(code).stderr == "afterwards"
