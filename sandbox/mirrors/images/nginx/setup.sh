# The image's command loads it, whatever the configuration is: in nginx' own image it is built in.
rm /etc/nginx/modules-enabled/*-mod-stream.conf
