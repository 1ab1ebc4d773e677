package emulator

// ptrRecord is the reverse name of a public address.
type ptrRecord struct {
	IP     string `json:"ip"`
	Domain string `json:"domain"`
}

func (p *ptrRecord) key() string { return p.IP }

func (z *zone) ptrOf(ip string) any {
	if record, ok := find(z.PTRs, ip); ok {
		return record.Domain
	}
	return nil
}
