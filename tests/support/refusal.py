"""Documents that a target never takes, whatever the writer's rights: what a validator refuses is written past it."""

INDEX = [("bad", "2dsphere")]


def refuse_bad(collection):
    """It refuses documents whose field `bad` is no place on earth, from now on."""
    collection.create_index(INDEX)


def take_bad(collection):
    collection.drop_index("bad_2dsphere")
