"""The problems that automatic differentiation measures itself by: wengert, its peers and hand-written C in one run.

Every problem is a module of `problems`: the function in plain NumPy as a user writes it, the same for PyTorch, JAX and
HIPS autograd as their users would, and its derivative by hand in C beside it. The definitions are public: ADBench
(Šrajer, Kukelova and Fitzgibbon 2018), GradBench, cmpad. PyTorch's `torch.func` and CasADi are there where the problem
suits them.

    python -m benchmarks.field [--problems lse gmm ...] [--sizes middle full] [--threads 1] [--out benchmarks/field]

Values and derivatives of all systems are compared with those of C before anything is timed; what disagrees is named
and not timed. A system whose package is missing is left out, and one whose first call takes more than a minute or most
of the memory is skipped at that size. Times are medians of interleaved turns, with quartiles; the first call, in which
the compilers compile, is reported apart, also that of a second process which finds compiled code on disk.
"""
