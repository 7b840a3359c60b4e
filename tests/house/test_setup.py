"""`bin/setup` remembers what was added to a set, whatever becomes of one run of it."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest

from app.config import ROOT


@pytest.fixture
def setup(tmp_path, monkeypatch):
    """The script with a venv of its own in which nothing is installed; `setup.is_online` says whether the extra can be had."""
    loader = SourceFileLoader("bin_setup", str(ROOT / "bin" / "setup"))
    script = module_from_spec(spec_from_loader("bin_setup", loader))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader.exec_module(script)
    script.VENV, script.PYTHON, script.is_online = tmp_path, tmp_path / "python", True
    script.install = lambda lock_file: script.PYTHON.touch()
    script.link_project = lambda: None
    script.find_uv = lambda: "uv"
    script.works = lambda command: script.is_online
    return script


def test_an_extra_that_could_not_be_added_again_is_added_by_the_next_run(setup):
    setup.main(["semantic"])
    assert setup.is_ready("semantic")
    setup.stamp("runtime").write_text("another lock", encoding="ascii")
    setup.is_online = False
    with pytest.raises(SystemExit, match="could not be installed"):
        setup.main(["runtime"])
    assert not setup.is_ready("semantic")
    setup.is_online = True
    setup.main(["runtime"])
    assert setup.is_ready("semantic")


def test_who_never_added_the_extra_has_none(setup):
    setup.main(["dev"])
    setup.main(["runtime"])
    assert setup.is_ready("dev")
    assert not setup.stamp("semantic").exists()
