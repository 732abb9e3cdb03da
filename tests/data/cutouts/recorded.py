"""An atlas that remembers what was drawn with it."""

from molmo_point.data.cutouts.atlas import Atlas


class Recorded(Atlas):
    """Remembers which of its pictures were used."""

    def __init__(self, atlas):
        super().__init__(atlas.entries, atlas._pixels)
        self.used = set()

    def sprite(self, number):
        self.used.add(number)
        return super().sprite(number)

    def background(self, number):
        self.used.add(number)
        return super().background(number)
