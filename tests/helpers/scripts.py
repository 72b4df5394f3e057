"""Runs exported scripts within the tests; in a process of their own they run in test_session_file.py."""

import contextlib
import runpy
import warnings


def run_script(path):
    """Run a script in its folder; a process of its own would spend 4 s on imports."""
    with contextlib.chdir(path.parent), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runpy.run_path(str(path), run_name="__main__")
