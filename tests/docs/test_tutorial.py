"""The tutorial's quotes are those of the source, and its sessions print what it says."""

import doctest
import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
TEXT = PAGE.read_text(encoding="utf-8")


def find_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_quotes_are_verbatim() -> None:
    quotes = find_blocks("python")
    assert any("mnistcli/training/network.py" in quote for quote in quotes)

    for quote in quotes:
        place, lines = quote.split("\n", 1)
        source = "\n" + (ROOT / place.removeprefix("# ")).read_text(encoding="utf-8")
        assert any(
            "\n" + textwrap.indent(textwrap.dedent(lines), depth * " ") in source
            for depth in range(0, 20, 4)
        ), quote


def test_sessions_print_what_they_say(tensorflow: None) -> None:
    session = "\n".join(find_blocks("pycon"))
    test = doctest.DocTestParser().get_doctest(session, {}, PAGE.name, str(PAGE), 0)
    assert len(test.examples) > 20

    report: list[str] = []
    failed, _ = doctest.DocTestRunner(verbose=False).run(test, out=report.append)

    assert not failed, "".join(report)
