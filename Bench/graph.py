"""The denoiser as an ONNX graph, node by node from the weights of a model file."""
import numpy
from onnx import TensorProto, checker, helper, numpy_helper


class Graph:
    """Nodes in the order they are added; tensors are known by name."""

    def __init__(self, model):
        self.tensors, self.nodes, self.initialisers, self.count = model.tensors, [], {}, 0

    def node(self, kind, inputs, **attributes):
        self.count += 1
        output = f"t{self.count}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, name, values):
        if name not in self.initialisers:
            self.initialisers[name] = numpy_helper.from_array(numpy.ascontiguousarray(values), name)
        return name

    def weights(self, name, axes=None):
        weight, bias = (self.tensors[f"denoiser.{name}.{part}"] for part in ("weight", "bias"))
        if axes:
            weight = weight.transpose(axes)
        return [self.constant(name + ".weight", weight), self.constant(name + ".bias", bias)]

    def linear(self, name, x):
        return self.node("Gemm", [x, *self.weights(name)], transB=1)

    def convolve(self, name, x, taps, stride=1):
        weights = self.weights(name, (0, 2, 1))
        return self.node("Conv", [x, *weights], kernel_shape=[taps], strides=[stride], pads=[taps // 2] * 2)

    def norm_mish(self, name, x):
        x = self.node("GroupNormalization", [x, *self.weights(name)], num_groups=8, epsilon=1e-5)
        return self.node("Mish", [x])

    def block(self, name, x, embedding, outputs, inputs):
        hidden = self.norm_mish(f"{name}.norm.0", self.convolve(f"{name}.convolution.0", x, 5))
        row = self.linear(f"{name}.embedding", embedding)
        row = self.node("Unsqueeze", [row, self.constant("last", numpy.array([2]))])
        hidden = self.node("Add", [hidden, row])
        hidden = self.norm_mish(f"{name}.norm.1", self.convolve(f"{name}.convolution.1", hidden, 5))
        skip = x if inputs == outputs else self.convolve(f"{name}.skip", x, 1)
        return self.node("Add", [hidden, skip])


def denoiser_graph(model, batch):
    """Serialised: plans [batch, channel, time], sinusoids and condition [1, …] (alike for all plans) → estimates."""
    graph, channels = Graph(model), model.channels
    parts = []
    for name, x in [("time", "sinusoids"), ("condition", "condition")]:
        parts.append(graph.linear(f"{name}.1", graph.node("Mish", [graph.linear(f"{name}.0", x)])))
    embedding = graph.node("Mish", [graph.node("Concat", parts, axis=1)])

    x, width, skips = "plans", model.width, []
    for level, size in enumerate(channels):
        x = graph.block(f"down.{level}.block.0", x, embedding, size, width)
        x = graph.block(f"down.{level}.block.1", x, embedding, size, size)
        width = size
        skips.append(x)
        if level < len(channels) - 1:
            x = graph.convolve(f"down.{level}.downsample", x, 3, stride=2)
    for half in range(2):
        x = graph.block(f"middle.block.{half}", x, embedding, width, width)
    for index in range(len(channels) - 1):
        size = channels[len(channels) - 2 - index]
        x = graph.node("Concat", [x, skips.pop()], axis=1)
        x = graph.block(f"up.{index}.block.0", x, embedding, size, 2 * width)
        x = graph.block(f"up.{index}.block.1", x, embedding, size, size)
        width = size
        weights = graph.weights(f"up.{index}.upsample", (2, 0, 1))
        x = graph.node("ConvTranspose", [x, *weights], kernel_shape=[4], strides=[2], pads=[1, 1])
    x = graph.norm_mish("head.norm", graph.convolve("head.convolution", x, 5))
    x = graph.convolve("head.output", x, 1)
    graph.nodes[-1].output[0] = "estimates"

    shape = [batch, model.width, model.horizon]
    value = lambda name, dimensions: helper.make_tensor_value_info(name, TensorProto.FLOAT, dimensions)
    made = helper.make_model(
        helper.make_graph(
            graph.nodes, "denoiser",
            [value("plans", shape), value("sinusoids", [1, channels[0]]),
             value("condition", [1, model.context_size + model.observation_size])],
            [value("estimates", shape)], list(graph.initialisers.values())),
        opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    checker.check_model(made, full_check=True)
    return made.SerializeToString()
