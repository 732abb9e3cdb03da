"""The names that the embedded model is taught: those with enough pictures to learn from."""

from __future__ import annotations

from molmo_point.data.cutouts.names import NAMES
from molmo_point.data.names import Name

__all__ = ["TAUGHT"]

_WORDS = """
    airplane, alarm clock, alien, ambulance, american football, anchor, ant, apple, armchair,
    avocado, baby bottle, backpack, balloon, banana, banknote, barber pole, baseball,
    basketball, bathtub, battery, bear, bed, bee, beer, bell, bench, bento box, bicycle,
    bikini, billiard ball, bird, blowfish, boar, bolt, bomb, book, boot, bottle, bouquet,
    bowl, bowling, box, bread, briefcase, broccoli, burger, bus, butterfly, cactus, cake,
    calculator, calendar, camel, camera, candle, candy, car, carrot, castle, cat, caterpillar,
    cd, chair, cheese, cherry, cherry blossom, chestnut, chick, chicken, chicken leg, chili,
    chocolate, christmas tree, church, clipboard, clock, cloud, clover, cocktail, coconut,
    coffee, computer mouse, construction barrier, cookie, corn, couch, cow, crab, crayon,
    credit card, crocodile, crown, crystal ball, custard, dagger, daisy, deer, die, dinosaur,
    dog, dolphin, donut, door, dove, dragon, dress, drinking glass, droplet, drum, duck, ear,
    egg, eggplant, elephant, envelope, eye, fan, fax machine, file cabinet, film projector,
    fire, fire truck, fish, fishing pole, flag, flashlight, floppy disk, flower, folder,
    football, fork, fountain, fountain pen, fox, fried egg, fries, frog, fuel pump, game
    controller, gem, ghost, gift, glasses, globe, goat, golf flag, gorilla, graduation cap,
    grape, gravestone, guitar, hammer, hamster, hand, handbag, headphones, heart, helicopter,
    hibiscus, high heel, honey pot, horse, hospital, hourglass, house, ice cream, jeans,
    joystick, kettle, key, kick scooter, kimono, kiwi, knife, koala, label, ladybug, lamp,
    laptop, lemon, leopard, light bulb, lightning, lion, lipstick, loafer, lock, lollipop,
    magnet, magnifying glass, mailbox, maple leaf, medal, melon, microphone, microscope,
    microwave, moai, money bag, monkey, moon, motor scooter, motorcycle, mountain, mouse,
    mouth, movie camera, mug, mushroom, nest, newspaper, no entry sign, noodles, nose,
    notebook, octopus, old key, orange, oven, owl, pager, paintbrush, palette, palm, pan,
    panda, paperclip, party popper, peach, pear, pen, pencil, penguin, phone, piano, picture
    frame, pig, pill, pine, pineapple, pizza, plate, playing card, plug, police car, potato,
    potted plant, pouch, printer, pumpkin, purse, pushpin, rabbit, race car, radio, rat, red
    lantern, remote control, ribbon, rice ball, robot, rocket, rooster, rose, rugby ball,
    ruler, sailboat, sandal, santa, satellite, satellite antenna, saxophone, scissors, scroll,
    seedling, sheep, shell, shield, ship, shirt, shoe, shower, sink, skis, skull, slot
    machine, smiley, snail, snake, snowflake, snowman, speech bubble, speedboat, spider,
    spider web, spoon, squirrel, stapler, star, stop sign, stopwatch, strawberry, studio
    microphone, sun, sun hat, sunflower, sunglasses, sushi, suv, sweet potato, syringe, table,
    tablet, taco, target, taxi, tea, telephone, telescope, television, tent, thermometer,
    ticket, tiger, toilet, tomato, top hat, tornado, trackball, tractor, traffic cone, traffic
    light, train, tram, trash can, tree, triangular ruler, trophy, truck, trumpet, tulip,
    turkey, turtle, umbrella, van, vase, video camera, videocassette, violin, volcano,
    volleyball, warning sign, watch, watermelon, whale, wheat, wheel, wheelchair, window,
    wine, wolf, wrench
"""

TAUGHT: dict[str, Name] = {
    word: NAMES[word] for word in (" ".join(part.split()) for part in _WORDS.split(","))
}
"""Names of at least seven training pictures in the atlas, and some of a kitchen and an office."""
