"""The listings of an introductory lesson on PyTorch's autograd: only the import is another one."""

import wengert as torch

# One variable.
x = torch.tensor(2.0, requires_grad=True)
y = torch.sin((x + 2) + (1 + torch.exp(x**2)))
y.backward()
print("dy/dx =", x.grad)

# Two variables.
x1 = torch.tensor(2.0, requires_grad=True)
x2 = torch.tensor(3.0, requires_grad=True)
z = x1 * x2 + torch.sin(x1)
z.backward()
print(z)
print("dz/dx1 =", x1.grad, " dz/dx2 =", x2.grad)

# Matrices.
a = torch.tensor([[1.0], [2.0]], requires_grad=True)
W = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
b = torch.tensor([[1.0], [0.0], [-1.0]], requires_grad=True)
s = torch.matmul(torch.matmul(a.T, W), b)
s.backward()
print(s)
print(W.grad)

# Second derivatives.
t = torch.tensor(3.0, requires_grad=True)
u = t**3
u.backward(create_graph=True)
first = t.grad
t.grad = None
first.backward()
print("d2u/dt2 =", t.grad)

# Gradient descent.
x = torch.tensor(2.0, requires_grad=True)
for _ in range(200):
    loss = -torch.log(1 / (1 + torch.exp(-x)) + 1) / (x**2 + 1)
    loss.backward()
    with torch.no_grad():
        x -= 0.5 * x.grad
    x.grad.zero_()
print("minimum at", x)
