"""Password hashing."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with OWASP's first recommended setting (19 MiB, 2 passes, 1 lane): about 25 ms.

    Source: OWASP Password Storage Cheat Sheet. Django's own default uses 100 MiB and 8 lanes, a door for floods.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
