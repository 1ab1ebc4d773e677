package kubespray

import "encoding/json"

// backupFile is backup.json, as the playbook and the program on the members read it.
type backupFile struct {
	Endpoint    string `json:"endpoint"`
	Region      string `json:"region"`
	Bucket      string `json:"bucket"`
	Prefix      string `json:"prefix"`
	Certificate string `json:"certificate"`
	EveryHours  int    `json:"everyHours"`
	Keep        int    `json:"keep"`
	AccessKey   string `json:"accessKey,omitempty"`
	SecretKey   string `json:"secretKey,omitempty"`
	// Credentials is a digest of the keys, where those must not be.
	Credentials string `json:"credentials,omitempty"`
	// Program is a digest of what runs on the members, so that another version of it reaches those that have an earlier one.
	Program string `json:"program,omitempty"`
}

func (b *EtcdBackup) file() backupFile {
	return backupFile{
		Endpoint: b.Endpoint, Region: b.Region, Bucket: b.Bucket, Prefix: b.Prefix,
		Certificate: b.Certificate, EveryHours: b.EveryHours, Keep: b.Keep,
	}
}

// settings are what the cluster's shape holds of the backups: everything but the keys.
func (b *EtcdBackup) settings(keys credentials) (string, error) {
	settings := b.file()
	settings.Credentials = digest([]file{{keys.access, []byte(keys.secret)}})[:16]
	var program []file
	for _, name := range []string{"etcd_backup.py", "etcd-backup.yml"} {
		data, err := runner.ReadFile("runner/etcd_members/" + name)
		if err != nil {
			return "", err
		}
		program = append(program, file{name, data})
	}
	settings.Program = digest(program)[:16]
	text, err := json.Marshal(settings)
	return string(text), err
}

// secrets renders backup.json.
func (b *EtcdBackup) secrets(keys credentials) ([]byte, error) {
	settings := b.file()
	settings.AccessKey, settings.SecretKey = keys.access, keys.secret
	return indented(map[string]backupFile{"etcd_backup": settings})
}

// credentials are the resolved keys of the storage.
type credentials struct{ access, secret string }
