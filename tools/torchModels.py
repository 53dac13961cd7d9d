"""The built-in architectures as PyTorch modules, with the same names of weights: for fixtures and benchmarks."""

import math

import torch
from torch import nn
from torch.nn import functional


class Mlp(nn.Module):
    """Linear layers of these widths with ReLU between them; nn.Linear's default initial weights."""

    def __init__(self, *widths):
        super().__init__()
        for i, (fan_in, fan_out) in enumerate(zip(widths, widths[1:]), 1):
            setattr(self, f"fc{i}", nn.Linear(fan_in, fan_out))

    def forward(self, x):
        layers = list(self.children())
        for layer in layers[:-1]:
            x = functional.relu(layer(x))
        return layers[-1](x)


class Cnn(nn.Module):
    """The built-in cnn."""

    def __init__(self, classes):
        super().__init__()
        for i, (inputs, channels) in enumerate(((3, 64), (64, 128), (128, 256)), 1):
            setattr(self, f"conv{i}", nn.Conv2d(inputs, channels, 3))
        self.fc1 = nn.Linear(1024, 128)
        self.fc2 = nn.Linear(128, 256)
        self.fc3 = nn.Linear(256, classes)

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = functional.max_pool2d(functional.relu(conv(x)), 2)
        x = functional.relu(self.fc1(x.flatten(1)))
        return self.fc3(functional.relu(self.fc2(x)))


class BasicBlock(nn.Module):
    """The built-in ResNet's block, by its names."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        changes = stride != 1 or inputs != channels
        self.shortcut = nn.Sequential(
            *([nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)] if changes else [])
        )

    def forward(self, x):
        out = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(out + self.shortcut(x))


class ResNet18(nn.Module):
    """The built-in ResNet-18, with the stem for CIFAR."""

    def __init__(self, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage in range(4):
            channels = width * 2**stage
            stride = 1 if stage == 0 else 2
            blocks = nn.Sequential(BasicBlock(inputs, channels, stride), BasicBlock(channels, channels, 1))
            setattr(self, f"layer{stage + 1}", blocks)
            inputs = channels
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        for stage in range(4):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(x.mean((2, 3)))


class BertSelfAttention(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask):
        def apart(y):
            return y.view(*y.shape[:-1], self.heads, y.shape[-1] // self.heads).permute(0, 2, 1, 3)

        query, key, value = apart(self.query(x)), apart(self.key(x)), apart(self.value(x))
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        context = self.dropout(functional.softmax(scores + mask, dim=-1)) @ value
        context = context.permute(0, 2, 1, 3).contiguous()
        return context.view(*context.shape[:-2], context.shape[-2] * context.shape[-1])


class BertOutput(nn.Module):
    def __init__(self, inputs, width, dropout):
        super().__init__()
        self.dense = nn.Linear(inputs, width)
        self.LayerNorm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, residual):
        return self.LayerNorm(self.dropout(self.dense(x)) + residual)


class BertLayer(nn.Module):
    def __init__(self, width, heads, wide, dropout):
        super().__init__()
        self.attention = nn.Module()
        self.attention.self = BertSelfAttention(width, heads, dropout)
        self.attention.output = BertOutput(width, width, dropout)
        self.intermediate = nn.Module()
        self.intermediate.dense = nn.Linear(width, wide)
        self.output = BertOutput(wide, width, dropout)

    def forward(self, x, mask):
        x = self.attention.output(self.attention.self(x, mask), x)
        return self.output(functional.gelu(self.intermediate.dense(x)), x)


class Bert(nn.Module):
    """BERT by Hugging Face's names; without dropout unless it is exported."""

    def __init__(self, width, layers, heads, wide, positions, types, classes, vocabulary, dropout=0.0):
        super().__init__()
        self.bert = nn.Module()
        embeddings = self.bert.embeddings = nn.Module()
        embeddings.word_embeddings = nn.Embedding(vocabulary, width)
        embeddings.position_embeddings = nn.Embedding(positions, width)
        if types:
            embeddings.token_type_embeddings = nn.Embedding(2, width)
        embeddings.LayerNorm = nn.LayerNorm(width, eps=1e-12)
        embeddings.register_buffer("position_ids", torch.arange(positions).expand((1, -1)), persistent=False)
        self.bert.encoder = nn.Module()
        self.bert.encoder.layer = nn.ModuleList(BertLayer(width, heads, wide, dropout) for _ in range(layers))
        self.bert.pooler = nn.Module()
        self.bert.pooler.dense = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(width, classes)

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        embeddings = self.bert.embeddings
        x = embeddings.word_embeddings(input_ids)
        if token_type_ids is not None:
            x = x + embeddings.token_type_embeddings(token_type_ids)
        x = x + embeddings.position_embeddings(embeddings.position_ids[:, : input_ids.shape[1]])
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * -10000.0
        x = self.dropout(embeddings.LayerNorm(x))
        for layer in self.bert.encoder.layer:
            x = layer(x, mask)
        return self.classifier(self.dropout(torch.tanh(self.bert.pooler.dense(x[:, 0]))))


class AlbertLayer(nn.Module):
    def __init__(self, width, heads, wide):
        super().__init__()
        self.attention = BertSelfAttention(width, heads, 0.0)
        self.attention.dense = nn.Linear(width, width)
        self.attention.LayerNorm = nn.LayerNorm(width, eps=1e-12)
        self.ffn = nn.Linear(width, wide)
        self.ffn_output = nn.Linear(wide, width)
        self.full_layer_layer_norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x, mask):
        attention = self.attention
        x = attention.LayerNorm(attention.dense(attention(x, mask)) + x)
        return self.full_layer_layer_norm(self.ffn_output(functional.gelu(self.ffn(x), approximate="tanh")) + x)


class Albert(nn.Module):
    """ALBERT by Hugging Face's names, without dropout: the layers are one layer."""

    def __init__(self, width, embedding, layers, heads, wide, positions, classes, vocabulary):
        super().__init__()
        self.times = layers
        self.albert = nn.Module()
        embeddings = self.albert.embeddings = nn.Module()
        embeddings.word_embeddings = nn.Embedding(vocabulary, embedding)
        embeddings.position_embeddings = nn.Embedding(positions, embedding)
        embeddings.token_type_embeddings = nn.Embedding(2, embedding)
        embeddings.LayerNorm = nn.LayerNorm(embedding, eps=1e-12)
        encoder = self.albert.encoder = nn.Module()
        encoder.embedding_hidden_mapping_in = nn.Linear(embedding, width)
        group = nn.Module()
        group.albert_layers = nn.ModuleList([AlbertLayer(width, heads, wide)])
        encoder.albert_layer_groups = nn.ModuleList([group])
        self.albert.pooler = nn.Linear(width, width)
        self.classifier = nn.Linear(width, classes)

    def forward(self, input_ids, attention_mask, token_type_ids):
        embeddings = self.albert.embeddings
        x = embeddings.word_embeddings(input_ids) + embeddings.token_type_embeddings(token_type_ids)
        x = embeddings.LayerNorm(x + embeddings.position_embeddings(torch.arange(input_ids.shape[1])))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * -1e9
        x = self.albert.encoder.embedding_hidden_mapping_in(x)
        for _ in range(self.times):
            x = self.albert.encoder.albert_layer_groups[0].albert_layers[0](x, mask)
        return self.classifier(torch.tanh(self.albert.pooler(x[:, 0])))
