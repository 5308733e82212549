"""Pictures that differ in their texts are laid out together, each with its own texts and enough room for them."""

import re

import numpy as np
import pytest

import wengert as wg
from show.graphs.levels import graphs_in
from wengert.show.graphs.drawing import drawn, svg
from wengert.show.graphs.layout import laid_out
from wengert.show.graphs.sharing import layouts


def oscillator(x, v):
    for _ in range(120):
        x = x + 0.01 * v
        v = v - 0.02 * np.sin(x) - 0.001 * v
    return x


def texts_in(text):
    """What is written, and what each group belongs to, without the places."""
    return re.findall(r'<text class="(\w+)"[^>]*>([^<]*)', text), re.findall(r'data-\w+="[^"]*"', text)


def test_every_picture_has_its_own_texts_and_keys():
    levels = list(graphs_in(wg.graph(oscillator, 1.0, 0.0, adjoints=True).graph))
    found = layouts(levels, "down")
    assert len({(layout.width, layout.height) for layout in found}) < len(levels) / 10  # most are alike
    for level, layout in zip(levels, found, strict=True):
        assert texts_in(drawn(level, layout, "")) == texts_in(svg(level, style=False))


@pytest.mark.parametrize("direction", ["down", "right"])
def test_no_node_is_smaller_than_its_texts_need(direction):
    levels = list(graphs_in(wg.graph(oscillator, 1.0, 0.0).graph))
    for level, layout in zip(levels, layouts(levels, direction), strict=True):
        own = {shape.node.key: shape for shape in laid_out(level, direction).shapes}
        assert len(own) == len(layout.shapes)
        for shape in layout.shapes:
            assert shape.height >= own[shape.node.key].height - 1e-6
            assert shape.width >= own[shape.node.key].width - 1e-6


def test_graphs_of_other_structure_or_with_long_texts_are_laid_out_alone():
    graphs = [wg.graph(lambda x: x * 2.0, 1.0).graph, wg.graph(lambda x: 2.0 * x, 1.0).graph]
    assert layouts(graphs, "down") == [laid_out(graph) for graph in graphs]
    long = [wg.graph(lambda p: p["n" * 200] * p["m"], {"n" * 200: 1.0, "m": k}).graph for k in (2.0, 3.0)]
    assert layouts(long, "right") == [laid_out(graph, "right") for graph in long]
