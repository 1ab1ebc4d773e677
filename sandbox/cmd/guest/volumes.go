package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// The stand-ins of what is done with volumes know the volumes of the cloud alone: no other device is there.

// volume finds the attached volume that a test accepts.
func volume(is func(guestapi.Volume) bool) (guestapi.Volume, bool, error) {
	var all []guestapi.Volume
	if err := call(http.MethodGet, guestapi.Volumes, nil, &all); err != nil {
		return guestapi.Volume{}, false, err
	}
	i := slices.IndexFunc(all, is)
	if i < 0 {
		return guestapi.Volume{}, false, nil
	}
	return all[i], true, nil
}

// device finds a volume by its device.
func device(path string) (guestapi.Volume, error) {
	found, there, err := volume(func(v guestapi.Volume) bool { return v.Device == path })
	if err == nil && !there {
		err = fmt.Errorf("cannot open %s: no such file or directory", path)
	}
	return found, err
}

// only parses a command line that ends in so many arguments.
func only(count int, args, flags, values []string) (*options, error) {
	o := &options{flags: flags, values: values}
	if err := o.parse(args); err != nil {
		return nil, err
	}
	if len(o.rest) != count {
		return nil, errUsage(strings.Join(args, " "))
	}
	return o, nil
}

// blkid answers which device has the file system of a UUID, and of which one that of a device is.
func blkid(args []string) (int, error) {
	o := &options{flags: []string{"-p"}, values: []string{"-U", "-s", "-o"}}
	if err := o.parse(args); err != nil {
		return 4, err
	}
	uuid := o.last("-U")
	if uuid == "" {
		if len(o.rest) != 1 || o.last("-s") != "UUID" || o.last("-o") != "value" {
			return 4, errUsage(strings.Join(args, " "))
		}
		found, err := device(o.rest[0])
		if err != nil || found.UUID == "" {
			return 2, err
		}
		fmt.Println(found.UUID)
		return 0, nil
	}
	found, there, err := volume(func(v guestapi.Volume) bool { return uuid != "" && v.UUID == uuid })
	if err != nil {
		return 1, err
	}
	if !there {
		return 2, nil
	}
	fmt.Println(found.Device)
	return 0, nil
}

// blockdev tells a device's size.
func blockdev(args []string) (int, error) {
	o, err := only(1, args, []string{"--getsize64"}, nil)
	if err != nil {
		return 1, err
	}
	found, err := device(o.rest[0])
	if err == nil {
		fmt.Println(int64(found.GiB) << 30)
	}
	return 0, err
}

// wipefs shows what a device has on it, and never wipes anything.
func wipefs(args []string) (int, error) {
	o, err := only(1, args, []string{"--noheadings", "-i"}, nil)
	if err != nil {
		return 1, err
	}
	found, err := device(o.rest[0])
	if err == nil && found.UUID != "" {
		fmt.Printf("%s 0x438 %s ext4\n", filepath.Base(found.Device), found.UUID)
	}
	return 0, err
}

func makeFileSystem(args []string) (int, error) {
	o, err := only(1, args, []string{"-q"}, []string{"-m", "-L", "-U"})
	if err != nil {
		return 1, err
	}
	return 0, call(http.MethodPost, guestapi.Volumes+"format", guestapi.VolumeRequest{Device: o.rest[0], UUID: o.last("-U")}, nil)
}

// mount mounts a volume; without arguments it tells what is mounted.
func mount(args []string) (int, error) {
	if len(args) == 0 {
		table, err := os.ReadFile("/proc/mounts")
		fmt.Print(string(table))
		return 0, err
	}
	o, err := only(2, args, nil, []string{"-o", "-t"})
	if err != nil {
		return 1, err
	}
	request := guestapi.VolumeRequest{Device: o.rest[0], Path: filepath.Clean(o.rest[1])}
	if uuid, is := strings.CutPrefix(o.rest[0], "UUID="); is {
		request.Device, request.UUID = "", uuid
	}
	return 0, call(http.MethodPost, guestapi.Volumes+"mount", request, nil)
}

func unmount(args []string) (int, error) {
	o, err := only(1, args, nil, nil)
	if err != nil {
		return 1, err
	}
	return 0, call(http.MethodPost, guestapi.Volumes+"unmount", guestapi.VolumeRequest{Path: filepath.Clean(o.rest[0])}, nil)
}

// mountpoint tells whether something is mounted, and the number of its device.
func mountpoint(args []string) (int, error) {
	o, err := only(1, args, []string{"-q", "-d", "-x"}, nil)
	if err != nil {
		return 1, err
	}
	if o.set["-x"] {
		found, err := device(o.rest[0])
		if err == nil {
			fmt.Println(found.Number)
		}
		return 0, err
	}
	path := filepath.Clean(o.rest[0])
	number, err := mounted(path)
	if err != nil {
		return 1, err
	}
	// what is mounted of a volume is a folder of this machine's, whose number is not the volume's
	found, there, err := volume(func(v guestapi.Volume) bool { return v.Path == path })
	switch {
	case err != nil:
		return 1, err
	case there:
		number = found.Number
	case number == "" && o.set["-q"]:
		return 32, nil
	case number == "":
		return 32, errors.New(path + " is not a mountpoint")
	}
	if o.set["-d"] {
		fmt.Println(number)
	} else if !o.set["-q"] {
		fmt.Println(path + " is a mountpoint")
	}
	return 0, nil
}

// mounted is the number of the device that the kernel has mounted there.
func mounted(path string) (number string, err error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == path {
			number = fields[2]
		}
	}
	return number, err
}

// resize makes a file system as large as its volume.
func resize(args []string) (int, error) {
	o, err := only(1, args, nil, nil)
	if err != nil {
		return 1, err
	}
	return 0, call(http.MethodPost, guestapi.Volumes+"grow", guestapi.VolumeRequest{Device: o.rest[0]}, nil)
}
