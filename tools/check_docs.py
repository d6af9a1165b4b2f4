"""Checks that the pages say what is there: links, named tests and quoted log lines.

    check_docs.py ROOT    exit code 1 and one line a problem
"""

import pathlib
import re
import sys

PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md")
ANY = "…"  # in a quoted log line: names and numbers

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
UNIT_TEST = re.compile(r"[A-Z]\w+\.[A-Z]\w+")
INTEGRATION_TEST = re.compile(r"test_[a-z0-9_]+")
DEFINED_UNIT_TEST = re.compile(r"TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)")
DEFINED_INTEGRATION_TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)
STRINGS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*')


def anchors(text):
    """The names that GitHub gives to a page's headings."""
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(FENCE.sub("", text)))
    return {name.strip().replace(" ", "-") for name in kept}


def link_problems(page, text):
    for target in LINK.findall(FENCE.sub("", text)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        if not path.exists():
            yield f"the link {target} leads nowhere"
        elif anchor and anchor not in anchors(path.read_text()):
            yield f"the link {target} names no heading there"


def tests_there(root):
    units = (path.read_text() for path in root.glob("tests/**/*_test.cpp"))
    integration = (path.read_text() for path in root.glob("tests/integration/test_*.py"))
    return {f"{suite}.{test}" for text in units for suite, test in DEFINED_UNIT_TEST.findall(text)} | {
        test for text in integration for test in DEFINED_INTEGRATION_TEST.findall(text)
    }


def test_problems(text, there):
    for quoted in CODE.findall(FENCE.sub("", text)):
        is_test = UNIT_TEST.fullmatch(quoted) or INTEGRATION_TEST.fullmatch(quoted)
        if is_test and quoted not in there:
            yield f"there is no test {quoted}"


def texts_of_program(root):
    """Every string literal of src/, its parts joined and its placeholders as ANY."""
    for path in sorted(root.glob("src/**/*.cpp")):
        for literal in STRINGS.findall(path.read_text()):
            joined = "".join(part for part in re.findall(r'"((?:[^"\\\n]|\\.)*)"', literal))
            yield re.sub(r"\{[^{}]*\}", ANY, joined)


def log_line_problems(text, said):
    for quoted in CODE.findall(FENCE.sub("", text)):
        if ANY not in quoted:
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in quoted.split(ANY)))
        if not any(pattern.search(line) for line in said):
            yield f"the program never says: {quoted}"


def problems(root):
    there, said = tests_there(root), list(texts_of_program(root))
    found = []
    for page in sorted(path for pattern in PAGES for path in root.glob(pattern)):
        text = page.read_text()
        of_page = [*link_problems(page, text), *test_problems(text, there), *log_line_problems(text, said)]
        found += [f"{page.relative_to(root)}: {problem}" for problem in of_page]
    return found


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = problems(pathlib.Path(sys.argv[1]))
    print("\n".join(found) if found else "Links, named tests and quoted log lines are right.")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
