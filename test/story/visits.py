"""Random visits to the server, of which model.py tells what must be answered."""
from model import (BODIES, DROPS, ERRORS_MAX, FOREIGN, LOGIN, MAIL, PER_MESSAGE, PLAIN, RCPT, STARTTLS, TARGETS,
                   WRONG, Model)

NAMES = ("client.test", "[127.0.0.1]", "x" * 300, "a b c", "-")


def helpful(model, dice, ident):
    """What a client that wants to send would say next."""
    if not model.helo:
        return ["ehlo", "client.test"]
    if not model.tls and (model.submission or dice.random() < 0.02):
        return ["starttls", "plain"]
    if model.may_login() and (model.submission or dice.random() < 0.02):
        return ["auth", dice.choice(("plain", "plain-asked", "login", "login-initial")), ident]
    if model.mail is None:
        return ["mail", dice.choice(("plain", "size", "body8", "null")), ident]
    if not model.named or (len(model.named) < PER_MESSAGE and dice.random() < 0.4):
        return ["rcpt", "plain", dice.choice(("recipient", "sender", "upper", "alias", "catchall", "quoted"))]
    return ["data", dice.choice(BODIES if dice.random() < 0.5 else ("plain", "dots", "commands")), ident]


def anything(model, dice, ident):
    """Any act, whatever the state."""
    kinds = ("plain", "mail", "rcpt", "data", "rset", "ehlo", "helo", "quit", "drop", "foreign", "auth", "starttls")
    kind = dice.choices(kinds, (30, 14, 22, 8, 8, 6, 4, 0.6, 0.8, 0.3, 8, 1.5))[0]
    if kind == "plain":
        return [kind, dice.choice(list(PLAIN))]
    if kind == "mail":
        return [kind, dice.choice(list(MAIL)), ident]
    if kind == "rcpt":
        return [kind, "plain" if dice.random() < 0.7 else dice.choice(list(RCPT)), dice.choice(list(TARGETS))]
    if kind == "data":
        return [kind, "cut" if dice.random() < 0.05 else dice.choice(BODIES), ident]
    if kind in ("ehlo", "helo"):
        return [kind, dice.choice(NAMES)]
    if kind == "drop":
        return [kind, dice.choice(DROPS)]
    if kind == "foreign":
        return [kind, dice.choice(list(FOREIGN))]
    if kind == "starttls":
        return [kind, "plain" if dice.random() < 0.7 else dice.choice(STARTTLS)]
    if kind == "auth":
        how = dice.choice([name for name in LOGIN if model.nameless or name not in WRONG])
        return [kind, "drop" if dice.random() < 0.05 else how, ident]
    return [kind]


def stranger(number):
    """An address without a name, and nobody else's in this walk."""
    return f"127.{1 + number // 50000 % 200}.{number // 250 % 200}.{2 + number % 250}"


def visit(dice, number):
    """A visit of up to some hundred acts: {"port", "source", "acts"}."""
    port = dice.choices(("25", "465", "587"), (80, 8, 12))[0]
    source = "127.0.0.1" if dice.random() < 0.9 else stranger(number)
    sense = dice.choice((0.2, 0.6, 0.8))  # how much of it makes sense
    length = dice.choice((20, 60, 200))
    model, acts = Model(port, source), []
    while not model.over and len(acts) < length:
        ident = number * 1000 + len(acts)
        act = helpful(model, dice, ident) if dice.random() < sense else anything(model, dice, ident)
        model.step(act)
        acts.append(act)
    return {"number": number, "port": port, "source": source, "acts": acts}


def clumsy_visit(number):
    """One that makes as many mistakes as a connection may."""
    acts = [["ehlo", "client.test"], ["mail", "plain", number], ["rcpt", "plain", "recipient"]]
    names = [name for name, row in PLAIN.items() if row[2] and not name.startswith("long")]
    acts += [["plain", names[i % len(names)]] for i in range(ERRORS_MAX)]
    return {"number": number, "port": "25", "source": "127.0.0.1", "acts": acts}


def guessing_visit(number):
    """One that guesses passwords until it is sent away."""
    acts = [["ehlo", "client.test"]] + [["auth", "nobody", number * 1000 + i] for i in range(6)]
    return {"number": number, "port": "465", "source": stranger(number), "acts": acts}
