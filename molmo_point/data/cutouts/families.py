"""The things that there are cut-outs of, by family, and the emoji that show them."""

from __future__ import annotations

__all__ = ["FAMILIES", "THINGS", "icons_of"]

_FAMILIES = {
    "fruit": """
        apple=red-apple+green-apple, pear, orange=tangerine, lemon, lime, banana, watermelon,
        grape=grapes, strawberry, blueberry=blueberries, melon, cherry=cherries, peach, mango,
        pineapple, coconut, kiwi=kiwi-fruit+kiwifruit, avocado, olive, raspberry=, plum=,
        apricot=, pomegranate=""",
    "vegetables": """
        tomato, eggplant, potato, carrot, corn=ear-of-corn, chili=hot-pepper, bell pepper,
        cucumber, lettuce=leafy-green, broccoli, garlic, onion, peanut=peanuts, chestnut,
        mushroom, ginger=ginger-root, pea pod, pumpkin=jack-o-lantern, sweet
        potato=roasted-sweet-potato, walnut=, almond=""",
    "food": """
        bread, croissant, baguette=baguette-bread, pretzel, bagel, pancake=pancakes, waffle,
        cheese=cheese-wedge, bacon, burger=hamburger, fries=french-fries, pizza, hot
        dog=hot-dog+hotdog, sandwich, taco, burrito, egg, fried egg=cooking, salad=green-salad,
        popcorn, butter, sushi, rice ball, ice cream=soft-ice-cream+ice-cream, donut=doughnut,
        cookie, cake=birthday-cake, cupcake, pie, chocolate=chocolate-bar, candy, lollipop, honey
        pot, steak=cut-of-meat, chicken leg=poultry-leg, dumpling, fortune cookie,
        noodles=steaming-bowl, oyster, falafel, custard, bento box, roast chicken=""",
    "drinks": """
        baby bottle, milk=glass-of-milk, coffee=hot-beverage, wine=wine-glass, beer=beer-mug,
        cocktail=cocktail-glass, champagne=bottle-with-popping-cork, juice box=beverage-box,
        soda=cup-with-straw, bubble tea, tea=teacup-without-handle, whisky=tumbler-glass""",
    "kitchen": """
        fork=, spoon, knife=kitchen-knife, plate=, bowl=, pan=, jar, teapot, kettle=, toaster=,
        microwave=, fridge=, bottle=, mug=, drinking glass=, chopsticks, vase=, cutting board=,
        oven=, blender=, paper cup=, milk carton=, coffee maker=, moka pot=, kitchen scale=""",
    "animals": """
        dog=dog-face+dog, cat=cat-face+cat, mouse=mouse-face+mouse, hamster,
        rabbit=rabbit-face+rabbit, fox, bear, panda, polar bear, koala, tiger=tiger-face+tiger,
        lion, cow=cow-face+cow, pig=pig-face+pig, frog, monkey=monkey-face+monkey, bat, wolf,
        boar, horse=horse-face+horse, unicorn, dinosaur=t-rex+sauropod, leopard, zebra, gorilla,
        orangutan, elephant, hippo=hippopotamus, rhino=rhinoceros, camel=two-hump-camel+camel,
        giraffe, kangaroo, bison, goat, sheep=ewe, deer, raccoon, skunk, badger, otter, sloth,
        beaver, hedgehog, squirrel=chipmunk, seal, llama, mammoth, donkey, moose, rat, crocodile,
        turtle, snake, lizard, dragon""",
    "birds": """
        chicken, rooster, chick=front-facing-baby-chick+baby-chick+hatching-chick, bird, penguin,
        duck, eagle, owl, dove, swan, flamingo, peacock, parrot, turkey, goose, dodo, ostrich=,
        crow=black-bird, seagull=, pelican=""",
    "sea animals": """
        octopus, squid, shrimp, lobster, crab, blowfish, fish=tropical-fish+fish, dolphin,
        whale=spouting-whale+whale, shark, jellyfish, shell=spiral-shell, coral, seahorse=""",
    "insects": """
        bee=honeybee, caterpillar=bug, butterfly, snail, ladybug=lady-beetle, ant, spider,
        scorpion, mosquito, fly, worm, beetle, cockroach, cricket, spider web, grasshopper=,
        dragonfly=""",
    "nature": """
        tree=deciduous-tree, pine=evergreen-tree, palm=palm-tree, cactus, sunflower, rose, tulip,
        daisy=blossom, hibiscus, cherry blossom, bouquet, maple leaf,
        clover=four-leaf-clover+shamrock, seedling, wheat=sheaf-of-rice, rock, log=wood, lotus,
        hyacinth, potted plant, feather, nest=empty-nest+nest-with-eggs,
        mountain=snow-capped-mountain+mountain, volcano, daffodil=, flower=, pine cone=, bush=,
        bonsai=""",
    "sky": """
        sun=sun-with-face+sun, moon=crescent-moon, star, cloud, rainbow, lightning=high-voltage,
        snowflake, fire, droplet, comet, saturn=ringed-planet, tornado,
        globe=globe-showing-americas+globe-showing-europe-africa+globe-showing-asia-australia""",
    "vehicles": """
        car=automobile+oncoming-automobile, taxi, bus, police car, ambulance, fire
        truck=fire-engine, truck=delivery-truck+articulated-lorry, van=minibus, tractor, race
        car=racing-car, motorcycle, motor scooter, kick scooter, bicycle, train=locomotive, tram,
        pickup truck, suv=sport-utility-vehicle, skateboard, roller skate, airplane, helicopter,
        rocket, ufo=flying-saucer, sailboat, speedboat, canoe, ship=ship+passenger-ship,
        wheelchair=manual-wheelchair+motorized-wheelchair, sled, parachute, satellite, auto
        rickshaw, wheel, bulldozer=, forklift=, tricycle=, rowboat=, stroller=""",
    "street": """
        traffic light=horizontal-traffic-light+vertical-traffic-light, stop sign, fuel pump,
        anchor, lifebuoy=ring-buoy, construction barrier=construction,
        mailbox=closed-mailbox-with-raised-flag, traffic cone=, fire hydrant=, bench=, warning
        sign=warning, no entry sign=no-entry, flag=triangular-flag, checkered flag=chequered-flag,
        barber pole, moai, shopping cart, gravestone=headstone, street lamp=, barrel=, crate=,
        pallet=, shipping container=""",
    "buildings": """
        house, castle, tent, church, factory, fountain, ferris wheel, carousel=carousel-horse,
        statue of liberty, hut, hospital, windmill=, igloo=, dog house=""",
    "sports": """
        football=soccer-ball, basketball, baseball, softball, volleyball, rugby
        ball=rugby-football, american football, tennis ball=tennis, frisbee=flying-disc,
        bowling=bowling, cricket bat=cricket-game, hockey stick=field-hockey, golf
        flag=flag-in-hole, ping pong=ping-pong, badminton, boxing glove, skis, ice skate, fishing
        pole, diving mask, trophy, medal=sports-medal, target=bullseye+direct-hit, kite, yo-yo,
        billiard ball=pool-8-ball, tennis racket=, curling stone, trampoline=, treadmill=, dart
        board=""",
    "toys": """
        die=game-die, puzzle piece, teddy bear, pinata, nesting doll=nesting-dolls, game
        controller=video-game, joystick, slot machine, playing card=joker, magic wand, crystal
        ball, ribbon, balloon, gift=wrapped-gift, christmas tree, party popper, ticket,
        firecracker, mirror ball, chess pawn, snowman=snowman-without-snow+snowman, rubber duck=,
        candy cane=, doll=, rocking horse=, toy train=, rubiks cube=, chess board=, swing=""",
    "music": """
        guitar, drum, trumpet, violin, saxophone, accordion, piano=musical-keyboard, banjo, flute,
        maracas, microphone, studio microphone, headphones=headphone, radio, bell, harp,
        xylophone=, cello=, trombone""",
    "electronics": """
        camera, movie camera, video camera, phone=mobile-phone, telephone, laptop, desktop
        computer, keyboard, computer mouse, trackball, printer, cd=optical-disk+dvd, floppy disk,
        television, battery, plug=electric-plug, light bulb, flashlight, film projector, satellite
        antenna, pager, fax machine, videocassette, calculator=, robot, speaker=, tablet=, remote
        control=, security camera=, projector=, socket=""",
    "time and science": """
        alarm clock, clock=mantelpiece-clock, watch, stopwatch, timer=timer-clock,
        hourglass=hourglass-done+hourglass-not-done, thermometer, magnet, telescope, microscope,
        test tube, petri dish, compass, balance scale, dna, alembic, binoculars=""",
    "tools": """
        hammer, axe, pickaxe=pick, wrench, screwdriver, saw=carpentry-saw, gear, clamp,
        bolt=nut-and-bolt, toolbox, chain=chains, hook, ladder, dagger, shield, bow=bow-and-arrow,
        water pistol, bomb, key, old key, lock=locked+unlocked, shovel, pliers=, drill=,
        tape measure=, wheelbarrow=, rake=, lawn mower=, faucet=, tape=, boomerang""",
    "office": """
        scissors, ruler=straight-ruler, triangular ruler, paperclip, pushpin, pencil, pen,
        fountain pen, crayon, paintbrush, palette=artist-palette,
        book=closed-book+green-book+blue-book+orange-book, notebook, newspaper, envelope,
        box=package, clipboard, calendar=calendar+spiral-calendar, folder=file-folder, file
        cabinet, trash can=wastebasket, briefcase, label, money bag, banknote=dollar-banknote,
        credit card, scroll, magnifying
        glass=magnifying-glass-tilted-left+magnifying-glass-tilted-right, abacus, stapler=,
        marker=, identification card""",
    "furniture": """
        chair, couch=couch-and-lamp, bed, table=, desk=, armchair=, bookcase=, wardrobe=, stool=,
        lamp=, door, window, mirror, picture frame=framed-picture, radiator=, fan=, fireplace=,
        safe=, office chair=, folding chair=, deck chair=, bunk bed=, crib=, chandelier=,
        hammock=""",
    "household": """
        toilet, shower, bathtub, sink=, washing machine=, candle, soap, sponge, toothbrush,
        bucket, broom, basket, toilet paper=roll-of-paper, lotion bottle, safety pin, plunger,
        mouse trap, razor, fire extinguisher, red lantern=red-paper-lantern, comb=hair-pick,
        thread=spool+thread, yarn, sewing needle=sewing-needle, clothes hanger=, iron=, vacuum
        cleaner=, towel=, clothespin=, urinal=, hair brush=, spray bottle=, lantern=, aquarium=""",
    "clothing": """
        glasses, sunglasses, goggles, lab coat, vest=safety-vest, shirt=t-shirt, jeans, scarf,
        gloves, coat, socks, dress, kimono, swimsuit=one-piece-swimsuit, bikini, shorts, purse,
        handbag, pouch=clutch-bag, backpack, flip flop=thong-sandal, shoe=running-shoe, hiking
        boot, boot=womans-boot, high heel=high-heeled-shoe, sandal=womans-sandal, ballet shoes,
        loafer=mans-shoe, crown, top hat, sun hat=womans-hat, cap=billed-cap, graduation cap,
        helmet=rescue-workers-helmet+rescue-worker-s-helmet, military helmet, lipstick,
        gem=gem-stone, umbrella=umbrella+closed-umbrella+umbrella-with-rain-drops,
        suitcase=luggage, hand fan=folding-hand-fan, skirt=, slippers=, cowboy hat=, bow tie=,
        sombrero=, wizard hat=, motorcycle helmet=""",
    "medical": """
        syringe, stethoscope, bandage=adhesive-bandage, tooth, bone, crutch, x-ray, pill, lungs,
        brain, anatomical heart""",
    "figures": """
        ghost, skull, alien, santa=santa-claus, heart=red-heart, speech bubble=speech-balloon,
        smiley=slightly-smiling-face+smiling-face-with-smiling-eyes+grinning-face, eye, ear, nose,
        foot, hand=raised-hand+hand-with-fingers-splayed, mouth""",
}
"""Family -> things; `name=icon+icon` says which emoji show it, a bare name that its own does, and
`name=` that none does."""


def _read(family: str) -> dict[str, tuple[str, ...]]:
    """Name -> icons, of one family."""
    icons = {}
    for entry in family.split(","):
        name, given, listed = " ".join(entry.split()).partition("=")
        bare = (name.replace(" ", "-"),)
        icons[name] = tuple(listed.split("+")) if listed else (() if given else bare)
    return icons


_ICONS = {family: _read(listed) for family, listed in _FAMILIES.items()}

FAMILIES: dict[str, tuple[str, ...]] = {family: tuple(icons) for family, icons in _ICONS.items()}
"""Kinds of things, and the names in each."""

THINGS: tuple[str, ...] = tuple(name for names in FAMILIES.values() for name in names)
"""Every name, singular, in the order of the families."""


def icons_of(name: str) -> tuple[str, ...]:
    """The emoji that show a thing, as words joined by hyphens; none for those without any."""
    return next(icons[name] for icons in _ICONS.values() if name in icons)
