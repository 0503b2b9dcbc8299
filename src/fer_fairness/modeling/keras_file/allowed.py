"""What the description of a model may name: layers that compute, and what they are made with.

Left out on purpose: whatever holds code (Lambda), reads files (StringLookup, IntegerLookup and
TextVectorization take a path as vocabulary; TFSMLayer), hashes text, wraps models of other
libraries (TorchModuleWrapper, JaxLayer, FlaxLayer), or repeats without bound (Map, WhileLoop).
"""

from typing import Final


def _words(text: str, *, sizes: str = "") -> set[str]:
    """The words of a text, each with each of the sizes behind it."""
    return {word + size for word in text.split() for size in sizes.split() or ("",)}


MODELS: Final = frozenset({"Functional", "Model", "Sequential"})

LAYERS: Final = (
    MODELS
    | _words(
        """Conv Convolution Cropping ZeroPadding UpSampling SpatialDropout ConvLSTM AveragePooling
        AvgPool MaxPooling MaxPool GlobalAveragePooling GlobalAvgPool GlobalMaxPooling GlobalMaxPool
        AdaptiveAveragePooling AdaptiveMaxPooling""",
        sizes="1D 2D 3D",
    )
    | _words("Conv Convolution", sizes="1DTranspose 2DTranspose 3DTranspose")
    | _words("DepthwiseConv SeparableConv SeparableConvolution", sizes="1D 2D")
    | _words(
        """Activation ELU LeakyReLU PReLU ReLU Softmax ThresholdedReLU
        ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise
        Add Average Concatenate Dot Maximum Minimum Multiply Subtract
        AdditiveAttention Attention GroupQueryAttention MultiHeadAttention
        BatchNormalization GroupNormalization LayerNormalization Normalization RMSNormalization
        SpectralNormalization UnitNormalization
        Dense EinsumDense Embedding Flatten Identity InputLayer Masking Permute RepeatVector Reshape
        CenterCrop Rescaling Resizing
        Bidirectional GRU GRUCell LSTM LSTMCell RNN SimpleRNN SimpleRNNCell StackedRNNCells
        TimeDistributed
        RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation
        RandomZoom"""
    )
)

OPERATIONS: Final = frozenset(
    _words(
        """Absolute Add Amax Amin Cast Clip Concatenate Divide Exp ExpandDims Flip GetItem Log
        Matmul Max Maximum Mean Min Minimum Multiply Negative Power Reciprocal Reshape Round Sqrt
        Square Squeeze Stack Std Subtract Sum Swapaxes Transpose TrueDivide Var
        LogSoftmax Normalize Relu Relu6 Sigmoid Silu Softmax Softplus Softsign Tanh Elu Selu Gelu
        LeakyRelu HardSigmoid HardSilu Resize RGBToGrayscale SpaceToDepth DepthToSpace
        StopGradient"""
    )
)
"""Functions of `keras.ops` that a graph may call, by the names of their classes."""

PARTS: Final = frozenset(
    _words(
        """Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer
        LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform
        TruncatedNormal VarianceScaling Zeros
        L1 L1L2 L2 OrthogonalRegularizer MaxNorm MinMaxNorm NonNeg UnitNorm
        DTypePolicy FloatDTypePolicy Policy"""
    )
)
"""Initialisers, regularisers, constraints and types of numbers."""

FORMS: Final = frozenset({"__keras_tensor__", "__ellipsis__", "__slice__", "__tuple__"})
"""Values that are no JSON of their own; TensorShape and arrays are looked at by themselves."""

ACTIVATIONS: Final = frozenset(
    _words(
        """celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
        leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu softmax
        soft_shrink softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh
        tanh_shrink threshold"""
    )
)
"""Functions that a layer may name."""

MODULES: Final = ("builtins", "keras", "tf_keras")
"""Roots of the modules that classes may come from."""
