"""Makes the TorchScript fixtures beside it and prints what ScriptedTrainingTest expects; torch 2.7 on a CPU.

    python3 tiny-cnn.py DIRECTORY
"""
import sys

import torch
from torch import nn

directory = sys.argv[1]


class TinyCnn(nn.Module):
    def __init__(self, dropout: float = 0.0):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 12, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(12)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(12, 10)
        self.unused = nn.Parameter(torch.ones(()))

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return self.head(self.dropout(x.mean((2, 3))))


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 10)

    def forward(self, x):
        y = self.fc(x.mean((2, 3)))
        return y, y


class Pixels(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 10, 1)

    def forward(self, x):
        return self.conv(x)


def images_and_labels(batch=8, side=16):
    values = torch.arange(batch * 3 * side * side, dtype=torch.float64)
    return torch.sin(values * 0.37).float().reshape(batch, 3, side, side), torch.arange(batch) % 10


torch.set_num_threads(1)
torch.manual_seed(0)
for name, module in (("tiny-cnn", TinyCnn()), ("tiny-cnn-dropout", TinyCnn(0.5)), ("pair", Pair()), ("pixels", Pixels())):
    torch.jit.script(module.eval()).save(f"{directory}/{name}.pt")

net = torch.jit.load(f"{directory}/tiny-cnn.pt")
images, labels = images_and_labels()
sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
net.train()
for _ in range(3):
    loss = nn.functional.cross_entropy(net(images), labels)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    print("training loss", loss.item())
net.eval()
with torch.no_grad():
    logits = net(images)
    print("loss after the steps, evaluated", nn.functional.cross_entropy(logits, labels).item())
    print("running mean of bn1", net.bn1.running_mean.double().sum().item())
