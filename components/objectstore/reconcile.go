package objectstore

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// reconcileScript makes the buckets, the application's policy and its user, and gives that user its present key.
//
//go:embed reconcile.sh
var reconcileScript string

// reconcile keeps in MinIO what the exchange needs of it, also when MinIO comes back empty.
func (o *ObjectStore) reconcile(
	ctx *pulumi.Context, name string, args *Args, made *chart.Installed, revision pulumi.StringInput, child pulumi.ResourceOption,
) (*chart.Object, error) {
	client, err := chart.ImageOf("minio", "client")
	if err != nil {
		return nil, err
	}
	buckets := args.Config.bucketsOf(false)
	policy, err := json.Marshal(applicationPolicy(buckets))
	if err != nil {
		return nil, fmt.Errorf("the application's policy: %w", err)
	}
	public, err := json.Marshal(publicPolicy(args.Config.StaticBucket))
	if err != nil {
		return nil, fmt.Errorf("the policy of %s: %w", args.Config.StaticBucket, err)
	}
	// a public bucket that is not among these lies outside: the script passes over it
	env := map[string]string{
		"BUCKETS": strings.Join(buckets, " "), "POLICY": string(policy),
		"PUBLIC_BUCKET": args.Config.StaticBucket, "PUBLIC_POLICY": string(public),
		"MC_CONFIG_DIR": "/tmp/mc",
	}
	if args.Config.keepsVersions() {
		rules, err := json.Marshal(oldVersions(args.Config.OldVersionDays))
		if err != nil {
			return nil, fmt.Errorf("the rules of %s: %w", args.Config.MediaBucket, err)
		}
		env["VERSIONED_BUCKET"], env["OLD_VERSIONS"] = args.Config.MediaBucket, string(rules)
		env["QUOTA"] = fmt.Sprintf("%dGiB", args.Config.mediaQuotaGiB())
	}
	// letters and digits, as all generated passwords: they stand in an address as they are
	login := func(user, password string) string {
		return fmt.Sprintf("http://$(%s):$(%s)@%s:%d", user, password, minioService, minioPort)
	}
	env["MC_HOST_root"], env["MC_HOST_app"] = login("ROOT_USER", "ROOT_PASSWORD"), login("ACCESS_KEY", "SECRET_KEY")
	return args.Installer.Reconciler(ctx, name+"-reconciler", &chart.ReconcilerArgs{
		Name: minioService + "-reconciler", Namespace: made.Namespace.Name, Image: client, Script: reconcileScript,
		Env: env,
		Secrets: map[string]chart.SecretKey{
			"ROOT_USER": {Secret: rootSecret, Key: "rootUser"}, "ROOT_PASSWORD": {Secret: rootSecret, Key: "rootPassword"},
			"ACCESS_KEY": {Secret: appSecret, Key: "accessKey"}, "SECRET_KEY": {Secret: appSecret, Key: "secretKey"},
		},
		Revision: revision,
	}, child, pulumi.DependsOn([]pulumi.Resource{made.Release("release")}))
}

// applicationPolicy lets the application use its buckets, and nothing else.
func applicationPolicy(names []string) map[string]any {
	var buckets, objects []any
	for _, name := range names {
		buckets = append(buckets, "arn:aws:s3:::"+name)
		objects = append(objects, "arn:aws:s3:::"+name+"/*")
	}
	return policyOf(
		map[string]any{
			"Effect": "Allow", "Resource": buckets,
			"Action": []any{"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"},
		},
		map[string]any{
			"Effect": "Allow", "Resource": objects,
			"Action": []any{
				"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts",
			},
		})
}

// publicPolicy lets everybody read a bucket's files, and nobody see which there are.
func publicPolicy(name string) map[string]any {
	return policyOf(map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"AWS": []any{"*"}},
		"Action": []any{"s3:GetObject"}, "Resource": []any{"arn:aws:s3:::" + name + "/*"},
	})
}

func policyOf(statements ...any) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": statements}
}
