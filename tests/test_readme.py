"""What the README shows is so."""

import doctest
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_the_example_gives_what_it_shows():
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted > 2
    assert results.failed == 0


def test_every_file_it_links_to_is_there():
    links = re.findall(r"\]\((?!https://)([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_pictures_are_small_and_described():
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", README)
    assert pictures
    for words, path in pictures:
        assert len(words) > 40
        assert (ROOT / path).stat().st_size < 200_000


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|    )make ([a-z-]+)", README))
    assert {"lab", "test", "test-all", "grade"} <= named <= targets
