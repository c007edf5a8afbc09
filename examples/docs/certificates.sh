# Makes an authority in certificates/, and a certificate from it for the plugin and for the host, for a year.
set -e
cd "$(dirname "$0")"
mkdir -p certificates
cd certificates
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $key -subj "/CN=authority" -days 365 -keyout authority.key -out authority.pem 2>/dev/null
echo "subjectAltName=DNS:localhost" >names
for who in plugin host; do
  openssl req -new $key -subj "/CN=$who" -keyout $who.key -out $who.request 2>/dev/null
  openssl x509 -req -in $who.request -CA authority.pem -CAkey authority.key -CAcreateserial -days 365 -extfile names -out $who.pem 2>/dev/null
done
