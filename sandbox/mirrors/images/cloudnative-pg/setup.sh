# The user that the operator's images have. Debian's group of that number is for drives of tapes.
groupdel tape
groupmod --gid 26 postgres
usermod --uid 26 postgres
rm -rf /var/lib/postgresql/* /etc/postgresql/* /usr/lib/llvm-* /usr/lib/*/libLLVM* /usr/lib/postgresql/*/lib/llvmjit* /usr/lib/postgresql/*/lib/bitcode # code is not compiled at run time
chown -R postgres:postgres /var/lib/postgresql /run/postgresql /etc/postgresql
