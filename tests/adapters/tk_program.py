"""A program with windows of coloured buttons that prints what happens, a line of JSON each."""

import json
import sys
import tkinter


def tell(kind, name, **more):
    sys.stdout.write(json.dumps({"kind": kind, "name": name, **more}) + "\n")
    sys.stdout.flush()


def bind(widget, name):
    kinds = {"<Button-1>": "press", "<Double-Button-1>": "double", "<Button-3>": "right",
             "<ButtonRelease-1>": "release"}  # fmt: skip
    for event, kind in kinds.items():
        widget.bind(event, lambda e, kind=kind: tell(kind, name, x=e.x_root, y=e.y_root))


def main():
    spec = json.loads(sys.argv[1])
    root = tkinter.Tk()
    root.withdraw()
    for window in spec:
        top = tkinter.Toplevel(root, bg="white")
        top.title(window["title"])
        top.geometry(window["geometry"])
        for name, colour, left, upper, width, height in window["buttons"]:
            if name.startswith("field"):
                widget = tkinter.Entry(top, bg=colour, highlightthickness=0, bd=0)
                text = tkinter.StringVar()
                widget.configure(textvariable=text)
                text.trace_add("write", lambda *_, t=text, n=name: tell("text", n, text=t.get()))
            else:
                widget = tkinter.Button(
                    top, bg=colour, activebackground=colour, highlightthickness=0, bd=0,
                    command=lambda n=name: tell("command", n),
                )  # fmt: skip
            widget.place(x=left, y=upper, width=width, height=height)
            bind(widget, name)
    root.update()
    tell("ready", "", scaling=root.tk.call("tk", "scaling"))
    root.mainloop()


if __name__ == "__main__":
    main()
