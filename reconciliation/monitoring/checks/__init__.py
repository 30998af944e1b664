"""One module a check: `find(inputs, settings, as_of)` gives the findings of that check, sorted by nothing in
particular.
"""
