"""How the things of cut-outs are said: plurals, synonyms, look-alikes, the closed word list."""

from __future__ import annotations

from molmo_point.data.cutouts.families import THINGS
from molmo_point.data.names import ARTICLES, COLOURS, EVERYTHING, Name

__all__ = ["LOOK_ALIKES", "NAMES", "SIZES", "vocabulary"]

_IRREGULAR = {
    "mouse": "mice", "computer mouse": "computer mice", "goose": "geese", "moose": "moose",
    "tooth": "teeth", "foot": "feet", "leaf": "leaves", "loaf": "loaves", "knife": "knives",
    "wolf": "wolves", "die": "dice", "cactus": "cacti", "fish": "fish", "blowfish": "blowfish",
    "jellyfish": "jellyfish", "sheep": "sheep", "deer": "deer", "shrimp": "shrimp",
    "squid": "squid", "bison": "bison", "tomato": "tomatoes", "potato": "potatoes",
    "sweet potato": "sweet potatoes", "broccoli": "broccoli", "bread": "bread", "corn": "corn",
    "lettuce": "lettuce", "garlic": "garlic", "ginger": "ginger", "cheese": "cheese",
    "bacon": "bacon", "butter": "butter", "milk": "milk", "popcorn": "popcorn", "sushi": "sushi",
    "wheat": "wheat", "thread": "thread", "yarn": "yarn", "coral": "coral", "salad": "salad",
    "soap": "soap", "dna": "dna", "ping pong": "ping pong", "badminton": "badminton",
    "bowling": "bowling", "lightning": "lightning", "canoe": "canoes", "lily": "lilies",
}  # fmt: skip
_PLURAL_ALREADY = frozenset({
    "fries", "noodles", "chopsticks", "glasses", "sunglasses", "goggles", "jeans", "gloves",
    "socks", "shorts", "scissors", "pliers", "binoculars", "headphones", "earphones", "skis",
    "maracas", "lungs", "slippers", "trousers",
})  # fmt: skip


def _plural(name: str) -> str:
    head, of, rest = name.partition(" of ")
    if of:
        return f"{_plural(head)}{of}{rest}"
    last = name.split()[-1]
    if name in _IRREGULAR or last in _PLURAL_ALREADY:
        return _IRREGULAR.get(name, name)
    if name.endswith("y") and name[-2] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"


_SYNONYMS = {
    "eggplant": "aubergine", "chili": "chili pepper", "corn": "maize", "orange": "tangerine",
    "burger": "hamburger", "fries": "french fries", "donut": "doughnut", "cookie": "biscuit",
    "candy": "sweet", "steak": "meat", "noodles": "ramen", "coffee": "cup of coffee",
    "wine": "wine glass, glass of wine", "beer": "beer mug, mug of beer",
    "milk": "glass of milk", "champagne": "champagne bottle", "soda": "soft drink",
    "fridge": "refrigerator", "pan": "pot, saucepan", "cutting board": "chopping board",
    "dog": "puppy", "cat": "kitty", "rabbit": "bunny", "hippo": "hippopotamus",
    "rhino": "rhinoceros", "boar": "wild boar", "turtle": "tortoise", "seal": "sea lion",
    "chick": "baby chicken", "dove": "white bird", "crow": "raven", "ladybug": "ladybird",
    "shell": "seashell", "shrimp": "prawn", "blowfish": "pufferfish", "cricket": "locust",
    "pine": "pine tree, fir tree", "palm": "palm tree", "daisy": "blossom", "tree": "leafy tree",
    "clover": "shamrock", "rock": "stone", "log": "wood", "potted plant": "houseplant",
    "lightning": "lightning bolt", "droplet": "drop", "globe": "earth", "fire": "flame",
    "saturn": "planet", "car": "automobile", "truck": "lorry", "fire truck": "fire engine",
    "motorcycle": "motorbike", "motor scooter": "moped", "bicycle": "bike",
    "train": "locomotive", "tram": "streetcar", "airplane": "plane", "ufo": "flying saucer",
    "sailboat": "sailing boat", "ship": "cruise ship", "race car": "racing car",
    "sled": "sledge", "fuel pump": "gas pump", "lifebuoy": "life ring",
    "mailbox": "letterbox, postbox", "gravestone": "headstone, tombstone",
    "street lamp": "street light, lamppost", "stroller": "pram", "house": "home",
    "football": "soccer ball", "golf flag": "golf hole", "ping pong": "table tennis",
    "target": "bullseye", "die": "game die", "game controller": "gamepad",
    "gift": "present", "puzzle piece": "jigsaw piece", "balloon": "party balloon",
    "piano": "piano keyboard", "headphones": "earphones", "phone": "smartphone, mobile phone",
    "telephone": "landline phone", "television": "tv", "laptop": "notebook computer",
    "desktop computer": "computer monitor", "cd": "disc, dvd", "floppy disk": "diskette",
    "light bulb": "bulb", "flashlight": "torch", "socket": "power outlet",
    "movie camera": "film camera", "remote control": "remote", "clock": "wall clock",
    "watch": "wristwatch", "wrench": "spanner", "bolt": "nut and bolt", "lock": "padlock",
    "shovel": "spade", "tape measure": "measuring tape", "tape": "roll of tape",
    "paperclip": "paper clip", "pushpin": "thumbtack", "box": "parcel, package",
    "trash can": "dustbin, garbage can", "banknote": "bill", "envelope": "letter",
    "magnifying glass": "magnifier", "couch": "sofa", "bookcase": "bookshelf",
    "lamp": "table lamp", "sink": "washbasin", "bathtub": "bath", "fan": "electric fan",
    "bucket": "pail", "vacuum cleaner": "hoover", "shirt": "t shirt",
    "coat": "jacket", "shoe": "sneaker, trainer", "high heel": "high heeled shoe",
    "loafer": "dress shoe", "cap": "baseball cap", "helmet": "hard hat", "suitcase": "luggage",
    "gem": "jewel", "sun hat": "straw hat", "jeans": "trousers", "bandage": "plaster",
    "pill": "capsule", "heart": "love heart", "smiley": "smiling face", "santa": "father christmas",
    "stop sign": "octagonal sign", "forklift": "forklift truck", "rubiks cube": "puzzle cube",
}  # fmt: skip

NAMES: dict[str, Name] = {
    name: Name(
        name,
        _plural(name),
        tuple((other, _plural(other)) for other in _SYNONYMS.get(name, "").split(", ") if other),
    )
    for name in THINGS
}
"""How each thing is said, by its name."""

_ALIKE = """
orange, lemon, lime / peach, apricot, mango, plum / orange, peach, apricot / orange, mango
cherry, apple / blueberry, grape, olive / watermelon, melon / tomato, apple / chili, bell pepper
garlic, onion / potato, sweet potato / walnut, almond, chestnut, peanut / lettuce, salad, broccoli
bread, croissant, baguette / donut, bagel / pancake, waffle / egg, fried egg / cake, cupcake, pie
candy, lollipop / rice ball, sushi / steak, bacon / chicken leg, roast chicken
noodles, bowl, salad / coffee, tea, mug, paper cup / wine, cocktail, drinking glass, champagne
milk, drinking glass, whisky, soda / milk, milk carton / milk, baby bottle / juice box, milk carton
bubble tea, soda, paper cup / fork, plate, spoon, knife / knife, dagger / bowl, plate, pan
teapot, kettle, moka pot / bottle, champagne, lotion bottle, spray bottle, baby bottle / vase, jar
microwave, oven / dog, fox, wolf, cat / cat, tiger, lion, leopard / mouse, rat, hamster, squirrel
bear, panda, polar bear, koala, teddy bear
horse, donkey, unicorn, zebra, carousel, rocking horse / gorilla, monkey, orangutan / pig, boar
deer, moose, goat, sheep, llama / cow, bison / elephant, mammoth
beaver, otter, badger, skunk, raccoon, hedgehog, rat, squirrel
dinosaur, crocodile, lizard, dragon / snake, worm
chicken, rooster, chick, turkey, roast chicken, bird / bird, parrot, crow, dove, seagull, eagle
bird, duck, goose, swan, flamingo, pelican, peacock, owl, penguin, ostrich, dodo, chick
duck, rubber duck / fish, dolphin, whale, shark, blowfish / octopus, squid, jellyfish
shrimp, lobster, crab, scorpion / shell, oyster, snail / dolphin, seal
bee, fly, mosquito, beetle, cockroach, cricket, ant, grasshopper, dragonfly, ladybug, caterpillar
spider, ant, scorpion / spider, spider web / caterpillar, worm
flower, sunflower, rose, tulip, daisy, hibiscus, cherry blossom, bouquet, lotus, hyacinth, daffodil
tree, pine, palm, bush, bonsai, christmas tree, potted plant, seedling
potted plant, cactus, bonsai, flower, tulip, seedling, clover, bush / pine cone, nest
mountain, volcano / sun, star / bouquet, potted plant / sun, daisy, sunflower / tornado, cloud
droplet, cloud / saturn, globe, moon / comet, star, sun
car, taxi, police car, race car, suv, van, pickup truck / van, bus, ambulance, suv
truck, fire truck, pickup truck, van, ambulance, forklift, bulldozer, tractor
motorcycle, motor scooter, kick scooter, bicycle, tricycle / train, tram, toy train, bus
airplane, rocket / sailboat, speedboat, canoe, ship, rowboat / wheel, bicycle, gear
auto rickshaw, car, van / stop sign, warning sign, no entry sign / flag, checkered flag, golf flag
construction barrier, barber pole / house, hut, church, castle
house, factory, hospital, windmill, tent, igloo, dog house / carousel, ferris wheel
church, castle / football, volleyball, basketball, softball, baseball
american football, rugby ball / tennis ball, baseball, softball / tennis ball, tennis racket
tennis ball, badminton / tennis racket, badminton, ping pong / billiard ball, bowling
target, dart board / skis, ice skate, sled / frisbee, plate, target
shopping cart, stroller, wheelchair / wheelbarrow, shopping cart / trophy, medal
die, rubiks cube / doll, nesting doll / chess board, chess pawn / gift, box, crate
ribbon, bow tie / christmas tree, pine / game controller, joystick / balloon, red lantern
party popper, firecracker / guitar, banjo, violin, cello / trumpet, saxophone, trombone, flute
piano, keyboard, accordion / microphone, studio microphone
camera, movie camera, video camera, security camera
phone, telephone, tablet, pager, remote control, calculator / phone, laptop
laptop, desktop computer, television, tablet / radio, speaker / projector, film projector
telephone, fax machine, printer / cd, frisbee, wheel / trackball, computer mouse / plug, socket
light bulb, lamp, flashlight / floppy disk, videocassette
alarm clock, clock, watch, stopwatch, timer, compass / hourglass, timer / test tube, petri dish
beer, mug, drinking glass / tea, bowl / football, american football
snowman, top hat
alembic, test tube / telescope, microscope / balance scale, kitchen scale
hammer, axe, pickaxe, shovel, rake / wrench, screwdriver, pliers, clamp / saw, knife, axe
bolt, gear / key, old key / bow, bow tie / water pistol, drill / broom, rake
toolbox, briefcase, suitcase, box / box / ladder, chair / ruler, triangular ruler, tape measure
paperclip, safety pin, stapler / tape, toilet paper
pencil, pen, fountain pen, crayon, paintbrush, marker / book, notebook / paintbrush, toothbrush
newspaper, scroll, book / envelope, mailbox, label / folder, clipboard, file cabinet, calendar
trash can, bucket, barrel, basket / money bag, pouch, banknote / credit card, identification card
banknote, credit card / playing card, ticket, identification card, credit card
chair, armchair, stool, office chair, folding chair, deck chair, couch, bench, wheelchair, toilet
couch, armchair, bed / bed, crib, bunk bed / table, desk, stool, bench / bookcase, wardrobe
lamp, street lamp, lantern, chandelier / door, window, wardrobe, safe
mirror, window, picture frame / mirror, magnifying glass / fireplace, fire / candle, lantern
crate, pallet, shipping container, box / fridge, wardrobe, file cabinet, safe, washing machine
washing machine, oven / radiator, bench / toilet, urinal / toilet, plunger / sink, bathtub, toilet
bathtub, shower / comb, hair brush / soap, sponge, butter / thread, yarn
lotion bottle, jar, soap / broom, paintbrush, toothbrush / basket, crate, box
red lantern, lantern, street lamp / fan, hand fan / towel, scarf
glasses, sunglasses, goggles, diving mask / coat, lab coat, vest, shirt, kimono, dress
swimsuit, bikini, shorts / jeans, shorts / dress, skirt, kimono
purse, handbag, pouch, backpack, briefcase, suitcase
shoe, boot, hiking boot, high heel, sandal, flip flop, ballet shoes, loafer, slippers
roller skate, ice skate, shoe, boot / helmet, military helmet, cap, motorcycle helmet
top hat, sun hat, cap, cowboy hat, sombrero, wizard hat, graduation cap, helmet
gem, crystal ball / umbrella, parachute / axe, hammer / skull, ghost, alien, smiley, santa, robot
heart, anatomical heart / hand, foot, gloves / brain, walnut / syringe, thermometer
maple leaf, palm / sun, smiley / moon, smiley / moai, statue of liberty
fountain, statue of liberty / lobster, scorpion / snowflake, star / snowman, ghost
teddy bear, doll / fishing pole, fish, blowfish, hook / couch, lamp / nest, egg / fried egg, pan
mouse trap, cheese / noodles, chopsticks, bowl / picture frame, mountain, sun
dove, olive, seedling / cocktail, olive / cake, candle, strawberry, cherry
cupcake, cherry, strawberry / candle, fire / coffee, spoon / sun, rainbow, cloud
droplet, umbrella / castle, flag / mailbox, flag / church, hospital, house
house, door, window, dog house, castle, church, hut, hospital, factory, igloo
desktop computer, keyboard / computer mouse, mouse / desktop computer, computer mouse
chess board, chess pawn, die / smiley, eye, mouth, nose / bouquet, ribbon, maple leaf
gift, ribbon / palette, paintbrush / x-ray, skull, bone, hand / carousel, horse
volcano, fire, mountain / comet, fire / pizza, pie
wheel, car, taxi, police car, ambulance, bus, truck, fire truck, pickup truck, suv, van, race car
wheel, bicycle, motorcycle, motor scooter, kick scooter, tricycle, tractor, train, auto rickshaw
wheel, skateboard, roller skate, wheelbarrow, stroller, wheelchair, shopping cart
wheel, bulldozer, forklift
bomb, firecracker, fire / rocket, fire / lollipop, candy / sandwich, burger, bread / taco, burrito
salad, tomato, pizza, burger / sushi, bento box, shrimp / honey pot, jar / christmas tree, star
ufo, frisbee / satellite, satellite antenna / medal, star / pouch, purse
tennis racket, tennis ball / chick, egg / bone, chicken leg / basket, shopping cart
bow, boomerang / film projector, movie camera, video camera / kite, flag / mirror ball, globe
microphone, flashlight
"""


def _pairs(text: str) -> dict[str, frozenset[str]]:
    """Groups whose members pass for one another, as a table of names."""
    alike: dict[str, set[str]] = {}
    for line in text.strip().splitlines():
        for group in line.split(" / "):
            members = {name.strip() for name in group.split(",")}
            for name in members:
                alike.setdefault(name, set()).update(members - {name})
    return {name: frozenset(others) for name, others in alike.items()}


LOOK_ALIKES: dict[str, frozenset[str]] = _pairs(_ALIKE)
"""Names that fit, or nearly fit, another thing as well: never in one scene, and never asked as
absent where the other one is. Symmetric."""

SIZES = ("big", "small", "large", "little")
"""Size words; the last two mean what the first two do."""


def vocabulary() -> tuple[str, ...]:
    """Every lower-case word that a question about cut-outs can contain, sorted."""
    words = {*COLOURS, "grey", *EVERYTHING, *ARTICLES, *SIZES}
    for name in NAMES.values():
        for phrase in (*name.words(many=False), *name.words(many=True)):
            words.update(phrase.split())
    return tuple(sorted(words))
