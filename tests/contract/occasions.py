"""What the reference has no occasion for: these checks end as not exercised on it, their mutants give occasion."""

NOT_SHOWN = {
    "errors.rate_limit_429": "the reference is never busy",
    "http.content_coding.exact": "the reference sends everything as it is, whatever is offered",
    "reasoning.details_list_indexed": "the reference's deltas hold no lists but those of calls",
}
