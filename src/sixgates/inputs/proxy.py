"""Whether a URL can be that of a proxy, in one sentence if not."""

from __future__ import annotations

from sixgates.inputs.url import problem_of as url_problem


def problem_of(url: str) -> str:
    """What is wrong with a proxy's URL, to be read after its name; empty where nothing is."""
    if not url.lower().startswith(("http://", "https://")):
        return "must start with http:// or https://, such as http://proxy.example:3128: other kinds are not supported"
    if problem := url_problem(url, query=False):
        return problem
    rest = url.split("://", 1)[1].rpartition("@")[2]
    if rest.partition("/")[2]:
        return "has a path; a proxy has none, such as http://proxy.example:3128"
    return ""
