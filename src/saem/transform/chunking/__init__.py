"""Where documents are cut. Each file here is one strategy, and its name is how users name it: `chunk(strategy="heading")`.

A strategy is a module with two functions, whose further parameters are its own settings of `chunk`:

    cut(texts, max_chars, **own)   for each text its Spans: in order, without overlap, without white space at their ends, at most
                                   max_chars long, leaving out nothing but white space
    depends(**own)                 names and versions of what the result depends on, beside splitting.py
"""
