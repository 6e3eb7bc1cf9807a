// SPDX-License-Identifier: Apache-2.0

// Command archive writes files into a .tar, .tar.gz or .zip, the same bytes wherever it runs: it takes from the disk
// what is in the files, and the time, the owner and the rights from elsewhere.
//
//	archive -time 1700000000 -output x.tar.gz folder
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	output := flag.String("output", "", "the archive: .tar, .tar.gz or .zip")
	seconds := flag.Int64("time", 0, "the time of all files, in seconds since 1970")
	flag.Parse()
	if err := run(*output, flag.Arg(0), time.Unix(*seconds, 0).UTC()); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

// run writes a folder's files into an archive, with their paths below the folder.
func run(output, folder string, at time.Time) (err error) {
	file, err := os.Create(output)
	if err != nil {
		return fmt.Errorf("making the archive: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	switch {
	case strings.HasSuffix(output, ".zip"):
		return zipped(file, folder, at)
	case strings.HasSuffix(output, ".tar.gz"):
		compressed, _ := gzip.NewWriterLevel(file, gzip.BestCompression)
		return errors.Join(tarred(compressed, folder, at), compressed.Close())
	case strings.HasSuffix(output, ".tar"):
		return tarred(file, folder, at)
	}
	return fmt.Errorf("%s is neither .tar, .tar.gz nor .zip", output)
}

func tarred(to io.Writer, folder string, at time.Time) error {
	archive := tar.NewWriter(to)
	err := each(folder, func(name string, size int64, mode fs.FileMode, content io.Reader) error {
		header := &tar.Header{Name: name, Size: size, Mode: int64(mode), ModTime: at, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("writing the header of %s: %w", name, err)
		}
		_, err := io.Copy(archive, content)
		return err
	})
	return errors.Join(err, archive.Close())
}

func zipped(to io.Writer, folder string, at time.Time) error {
	archive := zip.NewWriter(to)
	err := each(folder, func(name string, _ int64, mode fs.FileMode, content io.Reader) error {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at}
		header.SetMode(mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return fmt.Errorf("writing the header of %s: %w", name, err)
		}
		_, err = io.Copy(entry, content)
		return err
	})
	return errors.Join(err, archive.Close())
}

// each hands over the files of a folder in the order of their names. Of their rights it keeps who may execute.
func each(folder string, write func(name string, size int64, mode fs.FileMode, content io.Reader) error) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return fmt.Errorf("reading the size of %s: %w", path, err)
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return fmt.Errorf("shortening %s: %w", path, err)
		}
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("reading what is archived: %w", err)
		}
		mode := fs.FileMode(0o644)
		if info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		return errors.Join(write(filepath.ToSlash(name), info.Size(), mode, file), file.Close())
	})
}
