"""Rates and ratios with their spread."""
import statistics


def spread(values):
    """{median, min, max, n} of some values."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "n": len(values)}


def ratios(rounds, of, to):
    """Spread of the ratio within each round, so that a noise that hits all sides alike falls out."""
    return spread([r[of] / r[to] for r in rounds])


def text(s, form="{:.2f}"):
    return f"{form.format(s['median'])} ({form.format(s['min'])}..{form.format(s['max'])})"


def table(head, rows):
    """A table for people, in Markdown: the first column to the left, figures to the right."""
    cells = [head, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row):
        return "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w)
                                 for i, (c, w) in enumerate(zip(row, widths))) + " |"

    rule = "|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])
