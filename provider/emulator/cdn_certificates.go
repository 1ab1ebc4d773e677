package emulator

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"
)

// certificate is one that was uploaded, or one that the CDN got for the domain. Its private key is not kept.
type certificate struct {
	ID      string    `json:"id"`
	Managed bool      `json:"managed"`
	KeyType string    `json:"keyType"`
	Names   []string  `json:"names"`
	Issuer  string    `json:"issuer"`
	Expires time.Time `json:"expires"`
	Created time.Time `json:"created"`
}

func (k *certificate) key() string { return k.ID }

// certificateOrder is an order of a certificate that the CDN gets for the domain.
type certificateOrder struct {
	ID      string    `json:"id"`
	Status  string    `json:"status"`
	Wait    *wait     `json:"wait,omitempty"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// managedCertificate is what the certificate setting says of one that the CDN gets itself.
const managedCertificate = "managed"

func certificateRoutes(r *router) {
	onDomain(r, "POST", "/ssl/certificates", uploadCertificate)
	onDomain(r, "DELETE", "/ssl/certificates/{id}", deleteCertificate)
	onDomain(r, "GET", "/ssl/orders", listOrders)
	onDomain(r, "POST", "/ssl/orders/action/retry", retryOrders)
}

// acceptCertificate wants the setting to name a certificate that was uploaded.
func acceptCertificate(d *domain, settings document, errors fieldErrors) {
	id, set := settings["certificate"].(string)
	if !set || id == managedCertificate {
		return
	}
	if k, ok := find(d.Certificates, id); !ok || k.Managed {
		errors.add("certificate", "The selected certificate is invalid.")
	}
}

// showCertificates adds what belongs to the settings but is not set, and orders a certificate where one is missing.
func showCertificates(c *call, d *domain, view map[string]any) {
	view["certificate_mode"] = "custom"
	if view["certificate"] == managedCertificate {
		view["certificate_mode"] = managedCertificate
	}
	if view["certificate"] == managedCertificate && view["ssl_status"] == true && len(d.Orders) == 0 {
		d.Orders = append(d.Orders, &certificateOrder{
			ID: newID(), Status: "processing", Wait: c.emulator.options.Pace.Action.begin(c.now), Created: c.now, Updated: c.now,
		})
		c.changed()
	}
	view["orders"] = c.orders(d)
	certificates := []map[string]any{}
	for _, k := range d.Certificates {
		certificates = append(certificates, k.view())
	}
	view["certificates"] = certificates
}

// uploadCertificate tells no id: it shows in the settings.
func uploadCertificate(c *call, d *domain) reply {
	files, err := c.files()
	if err != nil {
		return cdnInvalid(fieldErrors{"certificate": {"The certificate must be a file: " + err.Error()}})
	}
	pair, err := tls.X509KeyPair(files["certificate"], files["private_key"])
	if err != nil {
		return cdnInvalid(fieldErrors{"certificate": {"The certificate and its private key are not valid: " + err.Error()}})
	}
	k := &certificate{
		ID: newID(), KeyType: "rsa", Names: pair.Leaf.DNSNames, Issuer: pair.Leaf.Issuer.CommonName, Expires: pair.Leaf.NotAfter, Created: c.now,
	}
	if _, elliptic := pair.Leaf.PublicKey.(*ecdsa.PublicKey); elliptic {
		k.KeyType = "ec"
	}
	d.Certificates = append(d.Certificates, k)
	c.changed()
	return withMessage(http.StatusCreated, "Certificate uploaded successfully.")
}

// files reads the files of a form.
func (c *call) files() (map[string][]byte, error) {
	_, parameters, err := mime.ParseMediaType(c.contentType)
	if err != nil {
		return nil, err
	}
	files, reader := map[string][]byte{}, multipart.NewReader(bytes.NewReader(c.body), parameters["boundary"])
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if files[part.FormName()], err = io.ReadAll(part); err != nil {
			return nil, err
		}
	}
}

func deleteCertificate(c *call, d *domain) reply {
	k, ok := find(d.Certificates, c.param("id"))
	if !ok {
		return cdnFailure(http.StatusNotFound, "Certificate not found.")
	}
	if d.Settings["/ssl"]["certificate"] == k.ID {
		return cdnInvalid(fieldErrors{"certificate": {"The certificate is in use."}})
	}
	d.Certificates = without(d.Certificates, k.ID)
	c.changed()
	return withMessage(http.StatusOK, "Certificate deleted successfully.")
}

func listOrders(c *call, d *domain) reply { return withData(http.StatusOK, c.orders(d)) }

func retryOrders(c *call, d *domain) reply {
	if len(d.Orders) == 0 {
		return cdnInvalid(fieldErrors{"order": {"There is no order to try again."}})
	}
	return withMessage(http.StatusCreated, "The order is being tried again.")
}

// orders shows the orders. One that was read often enough is done, and its certificate there.
func (c *call) orders(d *domain) []map[string]any {
	list := []map[string]any{}
	for _, o := range d.Orders {
		if o.Wait != nil && o.Wait.over(c.now) {
			o.Status, o.Wait, o.Updated = "valid", nil, c.now
			d.Certificates = append(d.Certificates, &certificate{
				ID: o.ID, Managed: true, KeyType: "ec", Names: []string{d.Name, "*." + d.Name}, Issuer: "emulator",
				Expires: c.now.AddDate(0, 3, 0), Created: c.now,
			})
			c.changed()
		} else if o.Wait != nil {
			o.Wait.read()
		}
		list = append(list, map[string]any{
			"id": o.ID, "order_id": o.ID[:8], "status": o.Status, "domain_names": []string{d.Name, "*." + d.Name}, "errors": []any{},
			"expiry_date": cdnTimestamp(o.Created.AddDate(0, 0, 7)), "created_at": cdnTimestamp(o.Created), "updated_at": cdnTimestamp(o.Updated),
		})
	}
	return list
}

func (k *certificate) view() map[string]any {
	kind := "user"
	if k.Managed {
		kind = "arvan"
	}
	return map[string]any{
		"id": k.ID, "type": kind, "key_type": k.KeyType, "domain_names": k.Names, "issuer": k.Issuer, "expiry_date": cdnTimestamp(k.Expires),
		"created_at": cdnTimestamp(k.Created), "updated_at": cdnTimestamp(k.Created),
	}
}
