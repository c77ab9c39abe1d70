"""Reads YAML as somebody means it who writes a configuration: what YAML would pass over in silence is refused."""

import datetime

import yaml


class Refused(Exception):
    """A mistake in a file or in an argument; its text is the whole message."""


def read(path):
    """The file's content, which has nothing in it that JSON lacks."""
    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.load(file, Loader)
    except OSError as error:
        raise Refused(f"cannot read {path}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        raise Refused(f"{path} is not YAML: {reason(error)}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that no calendar has, text that is not UTF-8
        raise Refused(f"{path} is not YAML: {error}") from error
    refuse_what_json_lacks(content, "")
    return content


class Loader(yaml.SafeLoader):
    """Refuses a mapping that has a key twice, which YAML forbids and PyYAML takes: the last one would win."""

    def compose_mapping_node(self, anchor):
        # Here, and not where the mapping is made: by then what `<<` merges in stands among its own keys.
        mapping = super().compose_mapping_node(anchor)
        first = {}
        for key, _ in mapping.value:
            if isinstance(key, yaml.ScalarNode):
                before = first.setdefault(key.value, key)
                if before is not key:
                    problem = f"{key.value!r} is given twice, first in line {before.start_mark.line + 1}"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
        return mapping


def reason(error):
    """What is wrong, then where."""
    what = error.problem or error.context or "it cannot be read"
    where = place(error.problem_mark or error.context_mark)
    if error.problem and error.context:
        since = place(error.context_mark)
        where += f"; {error.context}" + (f" that begins in {since}" if since else "")
    return f"{what} ({where.removeprefix('; ')})" if where else what


def place(mark):
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def refuse_what_json_lacks(node, path):
    """YAML has dates, bytes and sets, which nobody means here: a version such as 2024-10-21 is a text."""
    if isinstance(node, dict):
        for name, value in node.items():
            at = f"{path}.{name}" if path else f"{name}"
            refuse_what_json_lacks(None if name is None or isinstance(name, (str, int, float)) else name, at)
            refuse_what_json_lacks(value, at)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            refuse_what_json_lacks(value, f"{path}[{index}]")
    elif isinstance(node, datetime.date) and path.endswith(".created"):
        raise Refused(f"{path}: expected a whole number, seconds since the epoch: write {since_the_epoch(node)}")
    elif not (node is None or isinstance(node, (str, int, float))):
        raise Refused(f"{path}: expected a text: put it in quotes")


def since_the_epoch(date):
    """The seconds of a date, or of a date with a time; in UTC unless it says otherwise."""
    if not isinstance(date, datetime.datetime):
        date = datetime.datetime.combine(date, datetime.time())
    return int((date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)).timestamp())
