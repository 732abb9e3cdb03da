"""From a picture of a screen to a safe action on it: what browsers, desktops, phones share."""
