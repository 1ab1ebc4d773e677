# The user and the folders that Argo CD's own image has.
echo 'argocd:x:999:999::/home/argocd:/bin/sh' >> /etc/passwd
echo 'argocd:x:999:' >> /etc/group
mkdir -p /home/argocd /app/config/ssh /app/config/tls /app/config/gpg/source /app/config/gpg/keys /etc/ssh
touch /app/config/ssh/ssh_known_hosts
ln -s /app/config/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts
chown 999:0 /home/argocd /app/config/gpg/keys
chmod g=u /home/argocd
chmod 0700 /app/config/gpg/keys
