"""Cut-outs: pictures of single things from many drawing styles, renders and photographs."""
