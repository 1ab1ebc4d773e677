// Command exchange-platform is the Pulumi program: an ArvanCloud account becomes a running crypto exchange.
package main

import "github.com/iransre/exchange-platform/stacks"

func main() { stacks.Run() }
