# The user that Bitnami's images have, and the folders that it may write to.
echo 'bitnami:x:1001:0::/:/bin/sh' >> /etc/passwd
mkdir -p /bitnami/postgresql /docker-entrypoint-initdb.d
chown -R 1001:0 /bitnami
chmod -R g+rwX /bitnami
rm -rf /var/lib/postgresql/* /usr/lib/llvm-* /usr/lib/*/libLLVM* /usr/lib/postgresql/15/lib/llvmjit* /usr/lib/postgresql/15/lib/bitcode # code is not compiled at run time
